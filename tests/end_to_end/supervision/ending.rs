//! The end of a command: its status becomes ours, and its event says what happened.

use crate::processes::exists;
use crate::support::Ending;
use crate::watched::{Job, eventually};

#[test]
fn the_status_of_the_command_is_ours() {
    for status in [0, 1, 2, 3, 42, 70, 77, 120, 123, 124, 125, 126, 127, 128, 129, 130, 137, 143, 192, 254, 255] {
        let mut run = Job::new(format!("exit {status}")).start();
        assert_eq!(run.ending(), Ending::Exited(status));
        assert_eq!(run.event().exit_code(), status);
        assert_eq!(run.stderr.text_to_its_end(), "", "exit {status}");
    }
}

#[test]
fn a_command_ended_by_a_signal_ends_us_with_128_and_its_number() {
    for signal in [1, 2, 3, 6, 9, 10, 11, 13, 14, 15] {
        let mut run = Job::new(format!("ulimit -c 0; kill -{signal} $$")).start();
        assert_eq!(run.ending(), Ending::Exited(128 + signal));
        let event = run.event();
        assert_eq!((event.exit_code(), event.alert_type.as_str()), (-signal, "error"));
    }
}

#[test]
fn a_program_that_cannot_be_run_is_the_shells_business() {
    for (command, status) in [("./is-not-there", 127), (": >plain; ./plain", 126), ("if", 2)] {
        let mut run = Job::new(command).start();
        assert_eq!(run.ending(), Ending::Exited(status), "{command}");
        assert_eq!(run.event().exit_code(), status);
        assert_ne!(run.stderr.text_to_its_end(), "");
    }
}

#[test]
fn a_command_too_long_for_the_system_is_an_error_event_and_status_126() {
    // Each word is short enough; the command that they are together is one argument of the shell.
    let word = "x".repeat(70 * 1024);
    let mut run = Job::new("exit 0;").words([&word, &word]).start();
    assert_eq!(run.ending(), Ending::Exited(126));
    let event = run.event();
    assert_eq!((event.exit_code(), event.alert_type.as_str()), (126, "error"));
    let message = run.stderr.text_to_its_end();
    assert!(message.contains("too long") && message.lines().count() == 1, "{message}");
}

#[test]
fn the_duration_is_exact() {
    // On a busy machine a command takes longer than it says, but hardly always.
    eventually("an undisturbed run", || {
        let event = Job::new("sleep 0.3").start().event();
        assert!(event.duration() >= 0.3, "{}", event.title);
        (event.duration() <= 0.6).then_some(())
    });
}

#[test]
fn the_wait_for_output_is_not_part_of_the_duration() {
    let event = Job::new("sleep 3 & exit").options(["--drain_timeout", "60"]).start().event();
    assert!(event.duration() < 3.0, "{}", event.title);
}

#[test]
fn nothing_is_left_of_a_command_that_has_ended() {
    let mut run = Job::new("echo $$ >command; sleep 0.01 & wait; exit 3").start();
    assert_eq!(run.ending(), Ending::Exited(3));
    assert_eq!(run.processes(), []);
    assert!(!exists(run.process("command")));
}
