//! Compiles the component ahead of time, so that no compiler is in the binary.

use std::path::PathBuf;
use std::{env, fs};

use wasmtime::Engine;

#[path = "src/engine.rs"]
mod engine;

/// Where `make component` puts it, seen from this crate.
const COMPONENT: &str = "../target/wasm32-wasip2/component/dogwrap.wasm";

fn main() {
    println!("cargo::rerun-if-env-changed=DOGWRAP_COMPONENT");
    println!("cargo::rerun-if-changed=src/engine.rs");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let path = env::var_os("DOGWRAP_COMPONENT").map_or_else(|| root.join(COMPONENT), PathBuf::from);
    println!("cargo::rerun-if-changed={}", path.display());

    let component = fs::read(&path).unwrap_or_else(|error| {
        println!("cargo::error=cannot read the component {}: {error}; run `make component` first", path.display());
        std::process::exit(1);
    });
    let mut config = engine::config();
    // Named although it is the machine we build on: only then is the code for the baseline of that target, and runs on
    // older processors, too.
    config
        .target(&env::var("TARGET").expect("cargo sets it"))
        .expect("wasmtime compiles for every target we build for");
    let engine = Engine::new(&config).expect("the configuration is valid");
    let compiled = engine.precompile_component(&component).expect("what the Rust compiler makes is a valid component");
    let output = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("dogwrap.cwasm");
    fs::write(output, compiled).expect("OUT_DIR can be written");
}
