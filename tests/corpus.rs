//! The inputs in `fuzz/corpus`, which fuzzing starts from and what it has found: the properties hold of each.

mod properties;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

/// Panics when it does not hold of an input.
type Property = fn(&[u8]);

/// What is fuzzed: the name of the target and of its directory in the corpus, and the property.
const TARGETS: &[(&str, Property)] = &[
    ("answer", properties::answer::holds_of),
    ("command_line", properties::command_line::holds_of),
    ("datadog_conf", properties::datadog_conf::holds_of),
    ("output", properties::output::holds_of),
    ("spool_file", properties::spool_file::holds_of),
];

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// The paths of what is in `directory`, in order.
fn entries(directory: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

/// The names of what is in `directory`, without extensions.
fn names(directory: &Path) -> BTreeSet<String> {
    let name = |path: PathBuf| path.file_stem().expect("a name").to_string_lossy().into_owned();
    entries(directory).into_iter().map(name).collect()
}

#[test]
fn properties_hold_of_every_known_input() {
    let mut failed = Vec::new();
    for (target, property) in TARGETS {
        let inputs = entries(&fuzz().join("corpus").join(target));
        assert!(!inputs.is_empty(), "{target} has no corpus");
        for path in &inputs {
            let input = fs::read(path).expect("an input");
            if catch_unwind(|| property(&input)).is_err() {
                failed.push(path.clone());
            }
        }
        // Said past the test harness, which shows of a test that passes its name alone.
        let _ = writeln!(io::stderr(), "{target}: {} inputs", inputs.len());
    }
    assert!(failed.is_empty(), "not of {failed:#?}");
}

#[test]
fn every_target_is_fuzzed_and_has_a_corpus() {
    let targets: BTreeSet<_> = TARGETS.iter().map(|(target, _)| (*target).to_owned()).collect();
    assert_eq!(names(&fuzz().join("corpus")), targets);
    assert_eq!(names(&fuzz().join("fuzz_targets")), targets);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).expect("the manifest");
    for target in &targets {
        let (name, path) = (format!("name = \"{target}\""), format!("path = \"fuzz_targets/{target}.rs\""));
        let binaries = manifest.split("[[bin]]").skip(1);
        let found = binaries.filter(|binary| binary.contains(&name) && binary.contains(&path)).count();
        assert_eq!(found, 1, "{target} is not in fuzz/Cargo.toml");
    }
}
