//! The fenced blocks of the README: those that a shell runs are run, as they stand there.

use std::path::Path;

use crate::reporter::runtime::wasmtime;
use crate::support::{Ending, Invocation, Outcome};

const README: &str = include_str!("../../README.md");

/// The first fenced block below a heading of the README.
pub fn snippet(heading: &str) -> &'static str {
    let lines = || README.split_inclusive('\n');
    let is_heading = |line: &&str| line.starts_with('#') && line.trim_start_matches('#').trim() == heading;
    let before: usize = lines().take_while(|line| !is_heading(line)).map(str::len).sum();
    let section = README[before..].split_once('\n').map_or("", |(_, section)| section);
    let fence = section.find("```").unwrap_or_else(|| panic!("no fenced block follows '{heading}'"));
    assert!(!section[..fence].contains("\n#"), "section '{heading}' has no fenced block");
    let (_, block) = section[fence..].split_once('\n').expect("a fence is a line");
    block.split_once("\n```").map(|(block, _)| block).expect("a fenced block ends")
}

/// Runs `script` as a shell does for somebody who has the programs of `directory`, and the components.
fn run_in_a_shell(script: &str, programs: &Path) -> Outcome {
    let components = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/components");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").expect("a PATH is set"));
    Invocation::new("/bin/sh", ["-e", "-c", script]).variable("PATH", path).directory(components).run()
}

#[test]
fn the_rules_can_be_tried_in_a_shell() {
    let Some(runtime) = wasmtime() else { return };
    let programs = runtime.parent().expect("it is in a directory");
    let script = snippet("The rules in a shell");
    let shown = run_in_a_shell(script, programs);
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert_eq!(shown.ending, Ending::Exited(0), "{}", String::from_utf8_lossy(&shown.stderr));
    for part in
        ["alert-type: some(error)", "[web-1] backup failed in 1.50s", "@oncall", "/api/v1/events", "exit-status: 3"]
    {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let wrong = run_in_a_shell(&script.replace("host: ", "site: \"mars\", host: "), programs);
    let text = String::from_utf8_lossy(&wrong.stdout).into_owned();
    assert!(wrong.ending == Ending::Exited(0) && text.starts_with("err(site("), "a typed error, no trap: {wrong:?}");
}
