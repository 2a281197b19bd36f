//! How the component is compiled and run: the one configuration that whoever compiles it and whoever runs it have to
//! agree on, or the latter refuses it.

use wasmtime::Config;
#[cfg(feature = "compile")]
use wasmtime::OptLevel;

/// The configuration of the engine.
pub fn config() -> Config {
    let mut config = Config::new();
    // Traps are reported in one line; nobody reads a backtrace of stripped functions.
    config.wasm_backtrace_max_frames(None);
    config.generate_address_map(false);
    // The runtime finds its way without tables for other unwinders.
    config.native_unwind_info(false);
    // What computes without end can be stopped.
    config.epoch_interruption(true);
    config
}

/// Compiles `component` ahead of time for the machine with this target triple.
///
/// The target is named although it may be the machine at hand: only then is the code for the baseline of that target,
/// and runs on older processors, too.
#[cfg(feature = "compile")]
pub fn compile(component: &[u8], target: &str) -> wasmtime::Result<Vec<u8>> {
    let mut config = config();
    config.target(target)?;
    // What is not there need not be read at each start.
    config.cranelift_opt_level(OptLevel::SpeedAndSize);
    wasmtime::Engine::new(&config)?.precompile_component(component)
}
