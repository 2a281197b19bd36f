//! Starts commands that nobody has asked for, before and instead of the right one.

use dogwrap_guests::dogwrap::wrapper::process::{SpawnOptions, spawn};
use dogwrap_guests::{command_line, report, run, start_shell};

fn main() {
    let mut more = command_line();
    more.extend_from_slice(b"; echo other > other");
    report([start_shell(b"echo other > other".to_vec(), &[]), start_shell(more, &[])]);
    let options = SpawnOptions { unset_environment: Vec::new() };
    let words = |words: &[&str]| words.iter().map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>();
    report([
        spawn(b"/usr/bin/touch", &words(&["other"]), &options),
        spawn(b"sh", &[b"-c".to_vec(), command_line()], &options),
        spawn(b"/bin/sh", &[command_line()], &options),
        spawn(b"/bin/sh", &[b"-c".to_vec(), command_line(), b"other".to_vec()], &options),
        spawn(b"/bin/sh", &[], &options),
    ]);
    run()
}
