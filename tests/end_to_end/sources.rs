//! What holds of the sources themselves: code that the compiler cannot check stands in one module, and in what is
//! generated.

use std::fs;
use std::path::{Path, PathBuf};

/// The one module of the host with such code in it.
const UNCHECKED: &str = "host/src/unchecked.rs";
/// What the system starts, and gives pointers.
const START: &str = "host/src/main.rs";
/// Where the bindings of exports are generated.
const GENERATED: &str = "src/events/bindings.rs";

/// All files with Rust code below `directory`.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("the directory is there").map(|entry| entry.expect("it can be read"));
    let (directories, files): (Vec<_>, Vec<_>) = entries.map(|entry| entry.path()).partition(|path| path.is_dir());
    let rust = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    rust.chain(directories.iter().flat_map(|directory| self::files(directory))).collect()
}

#[test]
fn unsafe_code_stands_in_one_module_of_the_host() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let has_unsafe = |path: &PathBuf| {
        let text = fs::read_to_string(path).expect("it is text");
        let words = text
            .lines()
            .filter(is_code)
            .flat_map(|line| line.split(|byte: char| !byte.is_alphanumeric() && byte != '_'));
        words.into_iter().any(|word| word == "unsafe" || word == "unsafe_code" && !path.ends_with("src/lib.rs"))
    };
    let sources = ["src", "host"].map(|directory| files(&root.join(directory))).concat();
    assert!(sources.len() > 50, "{} files were found", sources.len());
    let unchecked: Vec<_> = sources.into_iter().filter(has_unsafe).collect();
    assert_eq!(unchecked, [GENERATED, START, UNCHECKED].map(|path| root.join(path)));
    // The rules refuse it whatever anybody writes into them.
    let rules = fs::read_to_string(root.join("src/lib.rs")).expect("it is there");
    let forbids = |line: &str| line.starts_with("#![cfg_attr(not(") && line.ends_with(", forbid(unsafe_code))]");
    assert!(rules.lines().any(forbids));
}
