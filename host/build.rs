//! Compiles the component ahead of time, so that no compiler is in the binary.

use std::path::PathBuf;
use std::{env, fs};

/// Where `make component` puts it, seen from this crate.
const COMPONENT: &str = "../target/components/dogwrap.wasm";

fn main() {
    println!("cargo::rerun-if-env-changed=DOGWRAP_COMPONENT");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let path = env::var_os("DOGWRAP_COMPONENT").map_or_else(|| root.join(COMPONENT), PathBuf::from);
    println!("cargo::rerun-if-changed={}", path.display());

    let component = fs::read(&path).unwrap_or_else(|error| {
        println!("cargo::error=cannot read the component {}: {error}; run `make component` first", path.display());
        std::process::exit(1);
    });
    let target = env::var("TARGET").expect("cargo sets it");
    let compiled = dogwrap_engine::compile(&component, &target).expect("what the Rust compiler makes is a component");
    // For whoever compiles with the program itself.
    println!("cargo::rustc-env=TARGET={target}");
    let output = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("dogwrap.cwasm");
    fs::write(output, compiled).expect("OUT_DIR can be written");
}
