//! Hostile components, each of which tries one thing: it is stopped, and the command comes to no harm.

mod failures;
mod files;
mod guest;
mod network;
mod processes;
mod resources;
mod status;
mod streams;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

pub use guest::guests;

/// The names of the guests, by their sources.
fn names() -> BTreeSet<String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests/src/bin");
    let entries = fs::read_dir(sources).expect("the guests are there").flatten();
    let name = |entry: fs::DirEntry| entry.path().file_stem()?.to_str().map(str::to_owned);
    entries.filter_map(name).collect()
}

/// The names of the tests in these modules, besides this one.
fn checks() -> BTreeSet<String> {
    let this_program = std::env::current_exe().expect("a program knows where it is");
    let listed = Command::new(this_program).args(["--list", "--format", "terse"]).output().expect("it can be run");
    let listed = String::from_utf8(listed.stdout).expect("names are UTF-8");
    let path = |line: &str| Some(line.strip_prefix("sandbox::")?.strip_suffix(": test")?.to_owned());
    listed.lines().filter_map(path).filter_map(|path| Some(path.split_once("::")?.1.to_owned())).collect()
}

/// The names of guests in `docs/security.md`: the last column of its table of what is lent.
fn documented() -> BTreeSet<String> {
    let rows = include_str!("../../../docs/security.md").lines().filter(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.split('|').nth(3));
    let words = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    words.filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')).map(str::to_owned).collect()
}

#[test]
fn every_guest_stands_in_the_documentation() {
    assert_eq!(names(), documented());
}

#[test]
fn every_guest_has_a_check() {
    assert_eq!(names(), checks());
}
