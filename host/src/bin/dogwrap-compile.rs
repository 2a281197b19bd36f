//! `dogwrap-compile`: compiles components ahead of time, for `dogwrap --component`.
//!
//! `dogwrap` of the same version runs what this program makes, and needs no compiler for it.

#[path = "../words.rs"]
mod words;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The machine that this program was built for.
const TARGET: &str = env!("TARGET");

/// What the file that is made has instead of `.wasm`.
const EXTENSION: &str = "cwasm";

fn main() -> ExitCode {
    let components: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if components.is_empty() {
        eprintln!("dogwrap-compile: nothing to compile\nhint: dogwrap-compile FILE.wasm... makes FILE.{EXTENSION}");
        return ExitCode::from(2);
    }
    for component in &components {
        if let Err(reason) = compile(component) {
            eprintln!("dogwrap-compile: {}: {reason}", component.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn compile(component: &Path) -> Result<(), String> {
    let bytes = fs::read(component).map_err(|error| words::of(&error))?;
    let compiled = dogwrap_engine::compile(&bytes, TARGET)
        .map_err(|error| format!("no valid component: {}", words::of_error(&error)))?;
    let path = component.with_extension(EXTENSION);
    write(&path, &compiled).map_err(|error| format!("cannot write '{}': {}", path.display(), words::of(&error)))
}

/// Writes a file that no group can write, whatever the umask says: `dogwrap` takes no other.
fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(path)?.write_all(content)
}
