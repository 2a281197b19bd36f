//! Memory is bounded, whatever the command prints.

use crate::processes::peak_memory;
use crate::watched::Job;

const MEBIBYTE: u64 = 1024 * 1024;

/// The most memory that the program has held by the time the command `print` has printed everything.
fn peak_of(print: &str, options: &[&str]) -> u64 {
    let command = format!("echo $PPID >wrapper; {print}; echo printed >printed; read line <gate");
    let job = options.iter().fold(Job::new(command), |job, option| job.options([*option]));
    let mut run = job.started_by(r#""$@" | cat >/dev/null"#).start();
    run.file("printed");
    let peak = peak_memory(run.process("wrapper"));
    run.gate.open();
    run.ending();
    peak
}

#[test]
fn two_hundred_megabytes_of_lines_need_little_memory() {
    let peak = peak_of("yes | head -c 200000000", &[]);
    assert!(peak <= 40 * MEBIBYTE, "{peak} bytes");
}

#[test]
fn two_hundred_megabytes_in_one_line_need_little_memory() {
    let peak = peak_of("head -c 200000000 /dev/zero", &[]);
    assert!(peak <= 40 * MEBIBYTE, "{peak} bytes");
}

#[test]
fn two_hundred_megabytes_held_back_need_little_memory() {
    let peak = peak_of("yes | head -c 200000000", &["-b"]);
    assert!(peak <= 40 * MEBIBYTE, "{peak} bytes");
}
