//! The configuration of the engine: the one file that both the build, which compiles the component, and the program,
//! which runs it, are made with. The two must agree, or the program refuses the component.

use wasmtime::Config;

/// How the component is compiled and run.
pub fn config() -> Config {
    let mut config = Config::new();
    // Traps are reported in one line; nobody reads a backtrace of stripped functions.
    config.wasm_backtrace_max_frames(None);
    config.generate_address_map(false);
    config
}
