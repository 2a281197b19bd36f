//! How the command ends: by itself, by a signal to us, or when its time is over.

use nix::sys::signal::Signal;

use super::{FAILED, KEPT, assert_event_has, job, kept_event};
use crate::processes::exists;
use crate::support::Ending;

/// What a shell does until it is told to end: in small steps, so that its traps are run soon.
const WORK: &str = "while :; do sleep 0.05; done";

#[test]
fn the_status_is_the_commands() {
    for (command, status, exit_code) in [
        ("exit 3", 3, 3),
        ("exit 255", 255, 255),
        ("kill -KILL $$", 128 + 9, -9),
        ("kill -TERM $$", 128 + 15, -15),
        ("exec not-a-command 2>/dev/null", 127, 127),
        ("exec / 2>/dev/null", 126, 126),
    ] {
        let mut run = job(command).start();
        assert_eq!(run.ending(), Ending::Exited(status), "{command}");
        assert_event_has(&kept_event(&run), exit_code);
        assert_eq!(run.stderr.text_to_its_end(), format!("{FAILED}{KEPT}"));
    }
}

#[test]
fn a_timeout_ends_the_whole_group() {
    let mut run = job("sleep 300 & sh -c 'sleep 300 & sleep 300' & sleep 300").options(["-t", "0.5"]).start();
    assert_eq!(run.ending(), Ending::Exited(124));
    assert_eq!(run.processes(), []);
    let event = kept_event(&run);
    assert_event_has(&event, -1);
    let title = event["title"].as_str().expect("an event has a title");
    assert!(title.contains(" job timed out after "), "{title}");
}

#[test]
fn a_command_that_handles_the_end_of_its_time_can_print_what_it_has() {
    let mut run = job(format!("trap 'echo bye; exit 7' TERM; echo ready; {WORK}")).options(["-t", "2"]).start();
    assert_eq!(run.ending(), Ending::Exited(124));
    assert_eq!(run.stdout.text_to_its_end(), "ready\nbye\n");
    assert_event_has(&kept_event(&run), -1);
}

#[test]
fn a_command_that_ignores_the_end_of_its_time_is_killed() {
    let mut run = job("trap '' TERM; sleep 300 & sleep 300").options(["-t", "2", "--sigterm_timeout", "0.5"]).start();
    assert_eq!(run.ending(), Ending::Exited(124));
    assert_eq!(run.processes(), []);
    assert!(run.age().as_secs_f64() >= 2.5);
    assert_event_has(&kept_event(&run), -1);
}

#[test]
fn a_timeout_of_zero_is_none() {
    let mut run = job("sleep 0.2; exit 3").options(["-t", "0"]).start();
    assert_eq!(run.ending(), Ending::Exited(3));
}

#[test]
fn a_signal_to_us_ends_the_command() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGQUIT] {
        let mut run = job("ulimit -c 0; echo $$ >command; echo ready; exec sleep 300").start();
        run.stdout.wait_for("ready");
        run.signal(signal);
        assert_eq!(run.ending(), Ending::Exited(128 + signal as i32));
        assert!(!exists(run.process("command")));
        assert_event_has(&kept_event(&run), -(signal as i32));
    }
}

#[test]
fn a_signal_reaches_the_whole_group() {
    let mut run = job("(sleep 300; echo lost) & (sleep 300; echo lost) & echo ready; wait").start();
    run.stdout.wait_for("ready");
    run.signal(Signal::SIGTERM);
    assert_eq!(run.ending(), Ending::Exited(128 + 15));
    assert_eq!(run.processes(), []);
    assert_eq!(run.stdout.text_to_its_end(), "ready\n");
}

#[test]
fn a_command_that_ignores_the_signal_is_killed() {
    let mut run = job("trap '' TERM; echo ready; sleep 300").options(["--sigterm_timeout", "0.5"]).start();
    run.stdout.wait_for("ready");
    run.signal(Signal::SIGTERM);
    assert_eq!(run.ending(), Ending::Exited(128 + 9));
    assert_eq!(run.processes(), []);
    assert_event_has(&kept_event(&run), -9);
}

#[test]
fn a_second_interrupt_kills_at_once() {
    let mut run = job(format!("trap 'echo interrupted' INT; echo ready; {WORK}")).start();
    run.stdout.wait_for("ready");
    run.signal(Signal::SIGINT);
    run.stdout.wait_for("interrupted");
    run.signal(Signal::SIGINT);
    assert_eq!(run.ending(), Ending::Exited(128 + 9));
    assert_eq!(run.processes(), []);
    assert_event_has(&kept_event(&run), -9);
}

#[test]
fn the_users_signals_reach_the_command_and_end_nothing() {
    let command = "trap 'echo first' USR1; trap 'echo second' USR2; echo ready; until [ -e go ]; do sleep 0.05; done";
    let mut run = job(format!("{command}; exit 5")).start();
    run.stdout.wait_for("ready");
    run.signal(Signal::SIGUSR1);
    run.stdout.wait_for("first");
    run.signal(Signal::SIGUSR2);
    run.stdout.wait_for("second");
    std::fs::write(run.path("go"), "").expect("a file can be written");
    assert_eq!(run.ending(), Ending::Exited(5));
}
