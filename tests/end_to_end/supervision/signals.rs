//! Signals to us: they reach the command, and those that ask to end finish the run, not the report of it.

use nix::sys::signal::{Signal, kill};

use crate::processes::{exists, is_stopped};
use crate::support::Ending;
use crate::watched::{Job, eventually};

/// The signals that ask to end.
const ASKING_TO_END: [Signal; 4] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGQUIT];

/// What a shell does until it is told to end: in small steps, so that its traps are run soon.
const WORK: &str = "while :; do sleep 0.05; done";

#[test]
fn a_signal_to_us_ends_the_command_and_is_reported() {
    for signal in ASKING_TO_END {
        let mut run = Job::new("ulimit -c 0; echo $$ >command; echo ready; exec sleep 300").start();
        run.stdout.wait_for("ready");
        run.signal(signal);
        assert_eq!(run.ending(), Ending::Exited(128 + signal as i32));
        assert!(!exists(run.process("command")));
        assert_eq!(run.processes(), []);
        let event = run.event();
        assert_eq!((event.exit_code(), event.alert_type.as_str()), (-(signal as i32), "error"));
        assert_eq!(run.requests(), 1);
    }
}

#[test]
fn a_command_that_handles_the_signal_ends_us_with_its_own_status() {
    for (signal, name) in ASKING_TO_END.into_iter().zip(["TERM", "INT", "HUP", "QUIT"]) {
        let mut run = Job::new(format!("trap 'echo bye; exit 7' {name}; echo ready; {WORK}")).start();
        run.stdout.wait_for("ready");
        run.signal(signal);
        assert_eq!(run.ending(), Ending::Exited(7), "{signal}");
        assert_eq!(run.stdout.text_to_its_end(), "ready\nbye\n");
        assert_eq!(run.event().exit_code(), 7);
    }
}

#[test]
fn a_signal_reaches_the_whole_group() {
    let mut run = Job::new("(sleep 300; echo lost) & (sleep 300; echo lost) & echo ready; wait").start();
    run.stdout.wait_for("ready");
    run.signal(Signal::SIGTERM);
    assert_eq!(run.ending(), Ending::Exited(128 + 15));
    assert_eq!(run.processes(), []);
    assert_eq!(run.stdout.text_to_its_end(), "ready\n");
}

#[test]
fn a_command_that_ignores_the_signal_is_killed_as_after_a_timeout() {
    let mut run = Job::new("trap '' TERM; echo ready; sleep 300").options(["--sigterm_timeout", "0.5"]).start();
    run.stdout.wait_for("ready");
    run.signal(Signal::SIGTERM);
    assert_eq!(run.ending(), Ending::Exited(128 + 9));
    assert_eq!(run.processes(), []);
    assert_eq!(run.event().exit_code(), -9);
    let said = run.stderr.text_to_its_end();
    assert!(said.starts_with("SIGTERM timeout failed after ") && said.ends_with("s, killing with SIGKILL\n"), "{said}");
}

#[test]
fn a_second_interrupt_kills_at_once() {
    let mut run = Job::new(format!("trap 'echo interrupted' INT; echo ready; {WORK}")).start();
    run.stdout.wait_for("ready");
    run.signal(Signal::SIGINT);
    run.stdout.wait_for("interrupted");
    run.signal(Signal::SIGINT);
    assert_eq!(run.ending(), Ending::Exited(128 + 9));
    assert_eq!(run.processes(), []);
    assert_eq!(run.event().exit_code(), -9);
}

#[test]
fn the_users_signals_reach_the_command_and_end_nothing() {
    let command = "trap 'echo first' USR1; trap 'echo second' USR2; echo ready; until [ -e go ]; do sleep 0.05; done";
    let mut run = Job::new(format!("{command}; exit 5")).start();
    run.stdout.wait_for("ready");
    run.signal(Signal::SIGUSR1);
    run.stdout.wait_for("first");
    run.signal(Signal::SIGUSR2);
    run.stdout.wait_for("second");
    std::fs::write(run.path("go"), "").expect("a file can be written");
    assert_eq!(run.ending(), Ending::Exited(5));
    assert_eq!(run.event().exit_code(), 5);
}

#[test]
fn a_users_signal_after_the_end_of_the_command_loses_no_output() {
    // Our reader takes nothing until long after the signal, so we have still to write most of it then.
    let mut run = Job::new("echo $PPID >wrapper; head -c 200000 /dev/zero")
        .started_by(r#"{ "$@"; echo $? >status; } | { read line <gate; sleep 2; cat; }"#)
        .start();
    run.event();
    let wrapper = run.process("wrapper");
    kill(wrapper, Signal::SIGUSR1).expect("the program waits for its reader");
    run.gate.open();
    run.ending();
    assert_eq!(run.file("status"), "0\n");
    assert_eq!(run.stdout.to_its_end().len(), 200_000);
}

#[test]
fn a_stopped_command_hears_a_signal_as_well() {
    let mut run = Job::new("echo $$ >command; kill -STOP $$; sleep 300").start();
    let command = run.process("command");
    eventually("the command has stopped", || is_stopped(command).then_some(()));
    run.signal(Signal::SIGTERM);
    assert_eq!(run.ending(), Ending::Exited(128 + 15));
    assert_eq!(run.processes(), []);
}
