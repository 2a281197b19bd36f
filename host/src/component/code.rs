//! The component's code: built in, or from the file that the invoker names.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::fcntl::OFlag;
use nix::unistd::geteuid;
use wasmtime::component::Component;
use wasmtime::{Engine, Precompiled};

use crate::unchecked;
use crate::words;

/// The component, compiled when this program was built. It is run where it lies in the program, so it begins with a page, of
/// whatever size these are.
#[repr(align(65536))]
struct Pages<const LENGTH: usize>([u8; LENGTH]);

const CODE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/dogwrap.cwasm"));

static BUILT_IN: Pages<{ CODE.len() }> = Pages(*include_bytes!(concat!(env!("OUT_DIR"), "/dogwrap.cwasm")));

/// Whether the component has been loaded from where it lies, which can be done once in a process.
static IS_IN_USE: AtomicBool = AtomicBool::new(false);

/// The largest file that is taken for a component, in bytes.
const MAXIMUM_FILE: u64 = 256 * 1024 * 1024;

/// What plain WebAssembly begins with, and what of it is no component (the core specification's magic number and version).
const WEBASSEMBLY: &[u8] = b"\0asm";
const MODULE: &[u8] = b"\0asm\x01\0\0\0";

/// Loads the component in `file`, or the built-in one. The error says what is wrong with it, in words for people.
pub fn load(engine: &Engine, file: Option<&Path>) -> Result<Component, String> {
    let Some(file) = file else {
        return load_built_in(engine).map_err(|error| words::of_error(&error));
    };
    let code = read(file).map_err(|reason| format!("'{}' cannot be used: {reason}", file.display()))?;
    of_bytes(engine, &code).map_err(|reason| format!("'{}' {reason}", file.display()))
}

/// Runs the built-in component where it lies: nothing is copied, and of its pages only those are read that are used. Whoever
/// loads it once more in the same process gets a copy, as where the system does not let it be run there.
fn load_built_in(engine: &Engine) -> wasmtime::Result<Component> {
    if !IS_IN_USE.swap(true, Ordering::Relaxed)
        && let Ok(component) = unchecked::load_in_place(engine, &BUILT_IN.0)
    {
        return Ok(component);
    }
    unchecked::load_compiled(engine, &BUILT_IN.0)
}

fn of_bytes(engine: &Engine, code: &[u8]) -> Result<Component, String> {
    match Engine::detect_precompiled(code) {
        Some(Precompiled::Component) => unchecked::load_compiled(engine, code)
            .map_err(|_| "was compiled for another version of dogwrap or another machine: compile it again".to_owned()),
        None if code.starts_with(MODULE) => Err("is a WebAssembly module, which is no component".to_owned()),
        None if code.starts_with(WEBASSEMBLY) => compile(engine, code),
        _ => Err("is no component".to_owned()),
    }
}

#[cfg(feature = "compile")]
fn compile(engine: &Engine, code: &[u8]) -> Result<Component, String> {
    Component::new(engine, code).map_err(|error| format!("is no valid component: {}", words::of_error(&error)))
}

#[cfg(not(feature = "compile"))]
fn compile(_: &Engine, _: &[u8]) -> Result<Component, String> {
    Err("is not compiled, and there is no compiler in this program: compile it with dogwrap-compile".to_owned())
}

/// Reads `path`, which may be native code: it is trusted as any program that the invoker names, if nobody else can have
/// changed it.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    // What is no file, such as a named pipe, must not block.
    let opening = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path);
    let file = opening.map_err(|error| words::of(&error))?;
    let metadata = file.metadata().map_err(|error| words::of(&error))?;
    if !metadata.is_file() {
        return Err("it is no file".to_owned());
    }
    if ![0, geteuid().as_raw()].contains(&metadata.uid()) {
        return Err("it belongs to another user".to_owned());
    }
    if metadata.mode() & 0o022 != 0 {
        return Err("it can be written by others: chmod go-w is missing".to_owned());
    }
    if metadata.len() > MAXIMUM_FILE {
        return Err("it is too large".to_owned());
    }
    let mut code = Vec::new();
    file.take(MAXIMUM_FILE).read_to_end(&mut code).map_err(|error| words::of(&error))?;
    Ok(code)
}
