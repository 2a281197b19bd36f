//! How large what people load is.

use std::fs;
use std::path::{Path, PathBuf};

use super::budgets::Of;
use crate::support::{Ending, Invocation, dogwrap_path, skipped};

/// The bytes of what has a size; none, and it is said, where it cannot be had.
pub fn count(of: Of) -> Option<u64> {
    match of {
        Of::Run(run) => panic!("{run:?} is no file"),
        Of::Program => Some(bytes_of(&dogwrap_path())),
        Of::Component => Some(bytes_of(&component("DOGWRAP_COMPONENT", "dogwrap.wasm"))),
        Of::Reporter => Some(bytes_of(&component("DOGWRAP_REPORT", "dogwrap-report.wasm"))),
        Of::Events => Some(bytes_of(&component("DOGWRAP_EVENTS", "dogwrap-events.wasm"))),
        Of::Compiled => compiled(),
    }
}

/// A component: what the variable names, or else the built one.
fn component(variable: &str, name: &str) -> PathBuf {
    let built = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/components").join(name);
    std::env::var_os(variable).map_or_else(built, PathBuf::from)
}

/// The bytes that the wrapper's component is compiled to. What is in the program cannot be told from the rest of it, so it is
/// compiled once more, in the same way.
fn compiled() -> Option<u64> {
    let Some(compiler) = std::env::var_os("DOGWRAP_COMPILER") else {
        skipped("the size of the compiled component, because DOGWRAP_COMPILER names no directory with a compiler");
        return None;
    };
    let compile = Invocation::new(Path::new(&compiler).join("dogwrap-compile"), ["rules.wasm"]);
    let copied = fs::copy(component("DOGWRAP_COMPONENT", "dogwrap.wasm"), compile.home().join("rules.wasm"));
    copied.expect("a file can be copied");
    assert_eq!(compile.run().ending, Ending::Exited(0));
    Some(bytes_of(&compile.home().join("rules.cwasm")))
}

fn bytes_of(file: &Path) -> u64 {
    fs::metadata(file).unwrap_or_else(|error| panic!("{} cannot be looked at: {error}", file.display())).len()
}
