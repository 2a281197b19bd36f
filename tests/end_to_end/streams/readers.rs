//! Readers of our output that stop reading, or never do.

use nix::sys::signal::{Signal, kill};

use crate::support::{Ending, Invocation};
use crate::watched::Job;

/// A reader that takes nothing until the gate is opened, and then goes away.
const STUCK: &str = r#"{ "$@"; echo $? >status; } | { read line <gate; }"#;

/// A reader that takes nothing until the gate is opened, and then everything.
const SLOW: &str = r#"{ "$@"; echo $? >status; } | { read line <gate; cat; }"#;

#[test]
fn a_reader_that_stops_is_no_matter_to_the_command() {
    for stderr_is_read in [true, false] {
        let script = match stderr_is_read {
            true => r#"{ "$@"; echo $? >status; } | head -n 1"#,
            false => r#"{ "$@"; echo $? >status; } 2>&1 | head -n 1"#,
        };
        let mut run = Job::new("seq 1 100000; echo $? >printed; exit 3").started_by(script).start();
        assert_eq!(run.ending(), Ending::Exited(0));
        assert_eq!(run.stdout.text_to_its_end(), "1\n");
        assert_eq!((run.file("printed").as_str(), run.file("status").as_str()), ("0\n", "3\n"));
        assert!(run.event().text.contains("\n100000\n"), "{}", run.event().text);
        let said = run.stderr.text_to_its_end();
        assert_eq!(said.lines().count(), usize::from(stderr_is_read), "{said}");
    }
}

#[test]
fn a_reader_that_stopped_before_the_command_printed_is_no_matter_to_it() {
    let mut run = Job::new("until [ -e gone ]; do sleep 0.01; done; seq 1 100000; echo $? >printed; exit 3")
        .started_by(
            r#"{ "$@"; echo $? >status; } | { exec 0<&-; echo gone >gone; until [ -s status ]; do sleep 0.01; done; }"#,
        )
        .start();
    run.ending();
    assert_eq!((run.file("printed").as_str(), run.file("status").as_str()), ("0\n", "3\n"));
    assert!(run.event().text.contains("\n100000\n"));
}

#[test]
fn a_thread_writes_where_a_write_may_wait_and_only_there() {
    let has_thread = |script: &'static str| {
        let command = "echo first; read line <gate; cat /proc/$PPID/task/*/comm >&2";
        let mut run = Job::new(command).started_by(script).start();
        run.stdout.wait_for("first");
        run.gate.open();
        run.ending();
        let threads = run.stderr.text_to_its_end();
        assert!(threads.lines().any(|name| name == "component"), "{threads}");
        threads.lines().any(|name| name == "output")
    };
    assert!(!has_thread(r#""$@" | cat"#));
    assert!(has_thread(r#""$@" >printed & until [ -s printed ]; do sleep 0.01; done; cat printed; wait"#));
}

#[test]
fn the_timeout_bounds_a_command_that_nobody_reads() {
    let mut run = Job::new("yes").options(["-t", "1"]).started_by(STUCK).start();
    let event = run.event();
    assert!(event.title.contains("timed out after") && event.text.contains("\ny\n"), "{event:?}");
    run.stderr.wait_for("the end of the output is lost");
    run.gate.open();
    run.ending();
    assert_eq!(run.file("status"), "124\n");
    run.wait_until_nothing_is_left();
}

#[test]
fn a_command_that_prints_less_than_the_slack_ends_although_nobody_reads() {
    let mut run = Job::new("head -c 200000 /dev/zero; echo >&2 done; exit 3").started_by(STUCK).start();
    run.stderr.wait_for("done");
    assert_eq!(run.event().exit_code(), 3);
    run.gate.open();
    run.ending();
    assert_eq!(run.file("status"), "3\n");
}

#[test]
fn a_signal_ends_a_run_that_nobody_reads() {
    let mut run = Job::new("echo $PPID >wrapper; exec yes").started_by(STUCK).start();
    let wrapper = run.process("wrapper");
    kill(wrapper, Signal::SIGTERM).expect("it runs");
    assert_eq!(run.event().exit_code(), -15);
    run.gate.open();
    run.ending();
    assert_eq!(run.file("status"), "143\n");
}

#[test]
fn a_slow_reader_gets_everything() {
    const PRINT: &str = "seq 1 500000; echo >&2 printed";
    let run = Job::new(PRINT).started_by(SLOW).start();
    // The command prints more than anybody on the way holds: it waits for its reader, as it would without us.
    run.gate.open();
    let expected = Invocation::new("sh", ["-c", PRINT]).run();
    assert!(run.stdout.to_its_end() == expected.stdout);
    assert_eq!(run.file("status"), "0\n");
}

#[test]
fn a_reader_that_pauses_before_the_end_gets_the_end() {
    // While it pauses there is more to come than a pipe holds, so the last is in our hands.
    for (size, before_pause) in [("200000", "131072"), ("600000", "531072"), ("1000000", "931072")] {
        let mut run = Job::new("head -c $size /dev/zero; exit 3")
            .options(["--drain_timeout", "0.2"])
            .variable("size", size)
            .variable("before_pause", before_pause)
            .started_by(r#"{ "$@"; echo $? >status; } | { sleep 1; head -c $before_pause; sleep 1; cat; }"#)
            .start();
        run.ending();
        assert_eq!(run.stdout.to_its_end().len().to_string(), size);
        assert_eq!(run.file("status"), "3\n");
    }
}

#[test]
fn a_reader_of_one_stream_is_not_held_up_by_that_of_the_other() {
    let command = "head -c 150000 /dev/zero; seq 1 100000 >&2; echo $? >printed; read line <gate; exit 3";
    let mut run = Job::new(command).started_by(STUCK).start();
    run.file("printed");
    run.stderr.wait_for("\n100000\n");
    run.gate.open();
    run.gate.open();
    run.ending();
    assert_eq!(run.file("status"), "3\n");
}
