//! The original and ours, run on the same random invocations.

use std::path::PathBuf;

use fastrand::Rng;

use crate::conformance::differences::expected;
use crate::conformance::generator::scenario;
use crate::support::{dogwrap_path, skipped};

#[test]
fn side_by_side() {
    let Some(original) = std::env::var_os("DOGWRAP_ORIGINAL").filter(|path| !path.is_empty()).map(PathBuf::from) else {
        return skipped("side_by_side compares nothing, because DOGWRAP_ORIGINAL does not name the original dogwrap");
    };
    let program = dogwrap_path();
    let first = number("DOGWRAP_SEED").unwrap_or(1);
    let count = number("DOGWRAP_CASES").unwrap_or(20);
    let mut failures = Vec::new();
    for seed in first..first + count {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let scenario = scenario(&mut Rng::with_seed(seed), directory.path());
        let observed = scenario.observe(&original, directory.path());
        let (expected, rows) = match scenario.read(directory.path()) {
            Some(case) => expected(&case, &observed),
            None => (observed, Vec::new()),
        };
        let ours = scenario.observe(&program, directory.path());
        let mismatches = expected.mismatches(&ours);
        if !mismatches.is_empty() {
            let repeat = format!("DOGWRAP_SEED={seed} DOGWRAP_CASES=1 repeats number {}", seed - first);
            failures.push(format!("{scenario}\n    {repeat}; {rows:?}\n    {}", mismatches.join("\n    ")));
        }
    }
    assert!(failures.is_empty(), "{} of {count} differ:\n{}", failures.len(), failures.join("\n"));
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is {text:?}, not a number")))
}
