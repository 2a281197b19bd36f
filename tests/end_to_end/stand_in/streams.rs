//! What the command prints: all of it arrives, and whoever does not take it is no matter to the command.

use std::fs;

use nix::sys::signal::{Signal, kill};

use super::{FAILED, KEPT, OPTION, assert_event_has, job, kept_event};
use crate::support::{Ending, Invocation, dogwrap_path};

#[test]
fn a_line_arrives_while_the_command_still_runs() {
    let mut run = job("echo out; read line <gate; echo error >&2; read line <gate; exit 3").start();
    run.stdout.wait_for("out\n");
    assert!(run.is_running());
    run.gate.open();
    run.stderr.wait_for("error\n");
    assert!(run.is_running());
    run.gate.open();
    assert_eq!(run.ending(), Ending::Exited(3));
}

#[test]
fn ten_megabytes_arrive_unchanged_on_both_streams() {
    let print = "head -c 10000000 /dev/urandom | tee";
    let mut run = job(format!("{print} out & {print} error >&2; wait")).start();
    let stdout = run.stdout.to_its_end();
    assert_eq!(run.ending(), Ending::Exited(0));
    assert!(stdout == fs::read(run.path("out")).expect("the command has made it"));
    let error = fs::read(run.path("error")).expect("the command has made it");
    assert!(run.stderr.to_its_end() == [FAILED.as_bytes(), &error, KEPT.as_bytes()].concat());
}

#[test]
fn a_reader_that_stops_is_no_matter_to_the_command() {
    for (script, line) in [
        (r#"{ "$@"; echo $? >status; } | head -n 1"#, "1\n"),
        (r#"{ "$@"; echo $? >status; } 2>&1 | head -n 1"#, FAILED),
    ] {
        let mut run = job("seq 1 500000; echo $? >printed; exit 3").started_by(script).start();
        assert_eq!(run.ending(), Ending::Exited(0));
        assert_eq!(run.stdout.text_to_its_end(), line);
        assert_eq!((run.file("printed").as_str(), run.file("status").as_str()), ("0\n", "3\n"));
        assert_event_has(&kept_event(&run), 3);
    }
}

#[test]
fn that_nobody_can_be_told_is_no_matter_to_the_command() {
    for script in [
        r#"{ until [ -e gone ]; do sleep 0.01; done; "$@"; echo $? >status; } 2>&1 | {
            exec 0<&-; echo >gone; until [ -s status ]; do sleep 0.01; done; }"#,
        r#""$@" >/dev/full 2>&1; echo $? >status"#,
        r#""$@" >&- 2>&-; echo $? >status"#,
    ] {
        let mut run = job("seq 1 100000; echo $? >printed; exit 3").started_by(script).start();
        run.ending();
        assert_eq!((run.file("printed").as_str(), run.file("status").as_str()), ("0\n", "3\n"), "{script}");
        assert_event_has(&kept_event(&run), 3);
    }
}

#[test]
fn a_slow_reader_gets_everything_and_the_event_does_not_wait_for_it() {
    // Less than fits on the way, so that the command ends, and more than a pipe holds, so that the last is in our hands.
    for size in [200_000, 600_000] {
        let run = job(format!("head -c {size} /dev/urandom | tee out; exit 3"))
            .options(["--drain_timeout", "0.2"])
            .started_by(r#"{ "$@"; echo $? >status; } | { read line <gate; cat; }"#)
            .start();
        assert_event_has(&kept_event(&run), 3);
        run.gate.open();
        assert!(run.stdout.to_its_end() == fs::read(run.path("out")).expect("the command has made it"), "{size}");
        assert_eq!(run.file("status"), "3\n");
    }
}

#[test]
fn the_timeout_bounds_a_command_that_nobody_reads() {
    let mut run = job("yes")
        .options(["-t", "1", "--drain_timeout", "0.2"])
        .started_by(r#"{ "$@"; echo $? >status; } | { read line <gate; }"#)
        .start();
    assert_event_has(&kept_event(&run), -1);
    assert_eq!(run.file("status"), "124\n");
    run.gate.open();
    run.ending();
    run.wait_until_nothing_is_left();
}

#[test]
fn a_signal_ends_the_wait_for_a_reader() {
    let mut run = job("echo $PPID >wrapper; head -c 200000 /dev/zero")
        .options(["--drain_timeout", "0.2"])
        .started_by(r#"{ "$@"; echo $? >status; } | { read line <gate; }"#)
        .start();
    // It is kept when the command has ended.
    assert_event_has(&kept_event(&run), 0);
    kill(run.process("wrapper"), Signal::SIGTERM).expect("the program waits for its reader");
    assert_eq!(run.file("status"), "0\n");
    run.gate.open();
    run.ending();
}

#[test]
fn the_command_can_be_started_without_the_keys() {
    let command = "echo ${DD_API_KEY-unset} ${DATADOG_API_KEY-unset}";
    let show = |options: &[&str]| {
        let arguments = OPTION.iter().chain(options).copied().chain([command]);
        let invocation = Invocation::new(dogwrap_path(), arguments);
        let outcome = invocation.variable("DD_API_KEY", "one").variable("DATADOG_API_KEY", "other").run();
        assert_eq!((outcome.ending, outcome.stderr.as_slice()), (Ending::Exited(0), FAILED.as_bytes()));
        String::from_utf8(outcome.stdout).expect("it is text")
    };
    assert_eq!(show(&[]), "one other\n");
    assert_eq!(show(&["--hide_api_key"]), "unset unset\n");
}
