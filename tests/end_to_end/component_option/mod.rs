//! `--component FILE`: another component than the built-in one. What cannot be one is refused in one line, and the command
//! runs all the same.

mod accepted;
mod compiler;
mod refused;

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Ending, Invocation, skipped};

/// The component that is built in, as plain WebAssembly.
fn built_in_component() -> PathBuf {
    std::env::var_os("DOGWRAP_COMPONENT")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/components/dogwrap.wasm"), PathBuf::from)
}

/// Where the program is that has a compiler in it, and the compiler; none where they are not built.
fn compiler(what: &str) -> Option<PathBuf> {
    let directory = std::env::var_os("DOGWRAP_COMPILER").map(PathBuf::from);
    if directory.is_none() {
        skipped(&format!("{what}, because DOGWRAP_COMPILER names no directory with a compiler"));
    }
    directory
}

/// The built-in component, compiled into `directory`.
fn compiled(compiler: &Path, directory: &Path) -> PathBuf {
    let plain = directory.join("rules.wasm");
    fs::copy(built_in_component(), &plain).expect("it can be copied");
    let outcome = Invocation::new(compiler.join("dogwrap-compile"), [&plain]).run();
    assert_eq!((outcome.ending, outcome.stderr.as_slice()), (Ending::Exited(0), &b""[..]), "{outcome:?}");
    fs::remove_file(plain).expect("it is there");
    directory.join("rules.cwasm")
}
