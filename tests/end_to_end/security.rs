//! `docs/security.md` names the hostile component that shows each claim.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const SECURITY: &str = include_str!("../../docs/security.md");

#[test]
fn every_hostile_component_is_named_in_the_documentation() {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests/src/bin");
    let files = fs::read_dir(guests).expect("there are guests").map(|entry| entry.expect("it can be read").path());
    let guests: BTreeSet<_> =
        files.filter_map(|file| Some(file.file_stem()?.to_str().expect("names are text").to_owned())).collect();
    let rows = SECURITY.lines().filter(|line| line.starts_with('|')).filter_map(|line| line.split('|').nth(3));
    let words = rows.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned);
    let named: BTreeSet<_> =
        words.filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')).collect();
    assert_eq!(named, guests);
}
