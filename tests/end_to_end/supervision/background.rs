//! What a command leaves running in the background: it holds us up for a short time only, and is not harmed.

use nix::sys::signal::Signal;

use crate::processes::{exists, open_files};
use crate::support::Ending;
use crate::watched::{Job, Watched, eventually};

/// Words in the event of a run whose output had not ended.
const LEFT_OPEN: &str = "still held its output open";

/// A daemon that prints a line to both streams each time the gate is opened, twice, and leaves a file when it has
/// survived that.
const DAEMON: &str = "sh -c '
    echo $$ >daemon
    read line <gate; echo first; echo first error >&2
    read line <gate; echo second; echo second error >&2
    echo alive >survived'";

/// A command that starts the daemon by `launcher` and ends with status 3.
fn leaving_a_daemon(launcher: &str) -> Job {
    Job::new(format!("{launcher} {DAEMON} & until [ -s daemon ]; do sleep 0.01; done; echo done; exit 3"))
}

fn assert_daemon_is_forwarded_and_unharmed(mut run: Watched) {
    assert_eq!(run.ending(), Ending::Exited(3));
    let event = run.event();
    assert_eq!(event.exit_code(), 3);
    assert!(event.text.contains(LEFT_OPEN), "{}", event.text);
    assert!(run.processes().contains(&run.process("daemon")));

    run.gate.open();
    run.stdout.wait_for("first\n");
    run.stderr.wait_for("first error\n");
    run.gate.open();
    assert_eq!(run.file("survived"), "alive\n");
    assert_eq!(run.stdout.text_to_its_end(), "done\nfirst\nsecond\n");
    assert_eq!(run.stderr.text_to_its_end(), "first error\nsecond error\n");
    run.wait_until_nothing_is_left();
    assert_eq!(run.requests(), 1);
}

#[test]
fn what_a_daemon_prints_after_our_end_still_arrives() {
    assert_daemon_is_forwarded_and_unharmed(leaving_a_daemon("setsid").options(["--drain_timeout", "0.2"]).start());
}

#[test]
fn what_a_process_of_the_commands_group_prints_after_our_end_still_arrives() {
    assert_daemon_is_forwarded_and_unharmed(leaving_a_daemon("").options(["--drain_timeout", "0.2"]).start());
}

#[test]
fn what_a_daemon_prints_after_our_end_arrives_although_output_was_held_back() {
    assert_daemon_is_forwarded_and_unharmed(
        leaving_a_daemon("setsid").options(["-b", "--drain_timeout", "0.2"]).start(),
    );
}

#[test]
fn a_daemon_is_waited_for_two_seconds() {
    let mut run = leaving_a_daemon("setsid").start();
    assert_eq!(run.ending(), Ending::Exited(3));
    let waited = run.age().as_secs_f64() - run.event().duration();
    assert!((1.99..12.0).contains(&waited), "{waited}");
}

#[test]
fn what_a_daemon_prints_in_time_is_in_the_event() {
    let mut run = leaving_a_daemon("setsid").options(["--drain_timeout", "60"]).start();
    run.stdout.wait_for("done");
    run.gate.open();
    run.gate.open();
    assert_eq!(run.ending(), Ending::Exited(3));
    let text = run.event().text;
    assert!(text.contains("done\nfirst\nsecond\n") && !text.contains(LEFT_OPEN), "{text}");
}

#[test]
fn a_daemon_without_our_output_holds_nothing_up() {
    let command = "setsid sh -c 'read line <gate; echo alive >survived' >/dev/null 2>&1 & exit 3";
    let mut run = Job::new(command).options(["--drain_timeout", "60"]).start();
    assert_eq!(run.ending(), Ending::Exited(3));
    assert!(!run.event().text.contains(LEFT_OPEN), "{}", run.event().text);
    run.gate.open();
    assert_eq!(run.file("survived"), "alive\n");
}

#[test]
fn a_signal_ends_the_wait_for_a_daemon() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut run = Job::new(format!("setsid {DAEMON} & echo $$ >command; exec sleep 0.1"))
            .options(["--drain_timeout", "60"])
            .start();
        let (command, daemon) = (run.process("command"), run.process("daemon"));
        eventually("the end of the command", || (!exists(command)).then_some(()));
        run.signal(signal);
        assert_eq!(run.ending(), Ending::Exited(0), "the command had ended before the signal");
        assert!(run.event().text.contains(LEFT_OPEN));
        assert!(run.processes().contains(&daemon));
    }
}

#[test]
fn a_daemon_outlives_our_reader() {
    let mut run = Job::new(format!("setsid {DAEMON} & until [ -s daemon ]; do sleep 0.01; done"))
        .options(["--drain_timeout", "0.2"])
        .started_by(r#"{ "$@"; echo $? >status; } 2>&1 | { until [ -s status ]; do sleep 0.01; done; }"#)
        .start();
    run.ending();
    assert_eq!(run.file("status"), "0\n");
    run.gate.open();
    run.gate.open();
    assert_eq!(run.file("survived"), "alive\n");
    run.wait_until_nothing_is_left();
}

#[test]
fn what_forwards_for_a_daemon_holds_nothing_else_of_ours() {
    let mut run = Job::new(
        "setsid sh -c 'echo $$ >daemon; exec 9<&-; read line <gate' & until [ -s daemon ]; do sleep 0.01; done",
    )
    .options(["--drain_timeout", "0.2"])
    .started_by(r#"exec 9>lock; exec "$@""#)
    .start();
    assert_eq!(run.ending(), Ending::Exited(0));
    let daemon = run.process("daemon");
    let forwarding: Vec<_> = run.processes().into_iter().filter(|process| *process != daemon).collect();
    assert_eq!(forwarding.len(), 2, "one process forwards each stream");
    let home = run.path("");
    for process in forwarding {
        eventually("no file of the run is held open", || {
            open_files(process).iter().all(|file| !file.starts_with(&home)).then_some(())
        });
    }
}
