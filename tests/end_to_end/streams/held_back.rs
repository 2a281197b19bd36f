//! Output that is held back until the command has ended (`-b`): standard error first, unchanged, in bounded memory.

use std::fs;

use crate::processes::open_files;
use crate::support::{Ending, Invocation};
use crate::watched::{Job, eventually};

#[test]
fn nothing_is_printed_before_the_end() {
    let mut run =
        Job::new("echo out; echo error >&2; echo printed >printed; read line <gate; exit 3").options(["-b"]).start();
    run.file("printed");
    assert_eq!((run.stdout.so_far(), run.stderr.so_far()), (vec![], vec![]));
    run.gate.open();
    assert_eq!(run.ending(), Ending::Exited(3));
    assert_eq!((run.stdout.text_to_its_end(), run.stderr.text_to_its_end()), ("out\n".into(), "error\n".into()));
}

#[test]
fn standard_error_comes_first() {
    for lines in [1, 400_000] {
        let command = format!("yes out | head -n {lines}; yes error | head -n {lines} >&2");
        let run = Job::new(command).options(["-b"]).started_by(r#"exec "$@" 2>&1"#).start();
        let expected = "error\n".repeat(lines) + &"out\n".repeat(lines);
        assert!(run.stdout.text_to_its_end() == expected, "{lines} lines");
    }
}

#[test]
fn every_byte_is_printed_unchanged() {
    let bytes: Vec<u8> = [b" \n\n \t".as_slice(), &(0..=255).collect::<Vec<u8>>(), b"\xe2\x82 \n\n "].concat();
    let run = Job::new("tee /dev/stderr").options(["-b"]).input(&bytes).start();
    assert_eq!(run.stdout.to_its_end(), bytes);
    assert_eq!(run.stderr.to_its_end(), bytes);
}

#[test]
fn nothing_printed_is_nothing_printed() {
    let run = Job::new("true").options(["-b"]).start();
    assert_eq!((run.stdout.text_to_its_end(), run.stderr.text_to_its_end()), (String::new(), String::new()));
}

#[test]
fn what_is_too_much_for_memory_waits_in_a_file_without_a_name() {
    const PRINT: &str = "seq 1 800000; seq 300000 -1 1 >&2";
    let mut run = Job::new(format!("echo $PPID >wrapper; {PRINT}; read line <gate")).options(["-b"]).start();
    let state = run.path("state/dogwrap");
    let wrapper = run.process("wrapper");
    eventually("two files in the state directory", || {
        let files = open_files(wrapper).into_iter().filter(|path| path.starts_with(&state));
        (files.filter(|path| path.to_string_lossy().ends_with(" (deleted)")).count() == 2).then_some(())
    });
    let names = || fs::read_dir(&state).expect("the directory is there").flatten().map(|entry| entry.path());
    let outputs = || names().filter(|path| path.to_string_lossy().contains("output")).collect::<Vec<_>>();
    assert_eq!(outputs(), Vec::<std::path::PathBuf>::new());
    assert_eq!((run.stdout.so_far(), run.stderr.so_far()), (vec![], vec![]));

    run.gate.open();
    let expected = Invocation::new("sh", ["-c", PRINT]).run();
    assert_eq!(run.ending(), Ending::Exited(0));
    assert!(run.stdout.to_its_end() == expected.stdout);
    assert!(run.stderr.to_its_end() == expected.stderr);
    let left: Vec<_> = names().filter(|path| path.is_file()).collect();
    assert_eq!(left, Vec::<std::path::PathBuf>::new());
}

#[test]
fn without_a_state_directory_nothing_is_lost() {
    const PRINT: &str = "seq 1 800000";
    let mut run = Job::new(PRINT).options(["-b"]).variable("XDG_STATE_HOME", "/dev/null").start();
    assert_eq!(run.ending(), Ending::Exited(0));
    let expected = Invocation::new("sh", ["-c", PRINT]).run();
    assert!(run.stdout.to_its_end() == expected.stdout);
}

#[test]
fn a_reader_that_stops_is_no_matter() {
    let mut run = Job::new("seq 1 800000; exit 3")
        .options(["-b"])
        .started_by(r#"{ "$@"; echo $? >status; } | head -n 1"#)
        .start();
    run.ending();
    assert_eq!(run.file("status"), "3\n");
    assert_eq!(run.stdout.text_to_its_end(), "1\n");
    assert!(run.event().text.contains("\n800000\n"));
}

#[test]
fn a_reader_that_never_reads_does_not_hold_the_event_up() {
    let mut run = Job::new("seq 1 800000; exit 3")
        .options(["-b", "--drain_timeout", "0.2"])
        .started_by(r#"{ "$@"; echo $? >status; } | { read line <gate; cat; }"#)
        .start();
    assert_eq!(run.event().exit_code(), 3);
    run.gate.open();
    run.ending();
    let expected = Invocation::new("seq", ["1", "800000"]).run();
    assert!(run.stdout.to_its_end() == expected.stdout);
    assert_eq!(run.file("status"), "3\n");
}

#[test]
fn what_a_command_printed_before_its_timeout_is_printed() {
    let mut run = Job::new("echo out; echo error >&2; exec sleep 300").options(["-b", "-t", "2"]).start();
    assert_eq!(run.ending(), Ending::Exited(124));
    assert_eq!(run.stdout.text_to_its_end(), "out\n");
    assert!(run.stderr.text_to_its_end().ends_with("error\n"));
}
