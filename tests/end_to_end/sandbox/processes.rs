//! Guests that start what nobody has asked for, or harm what somebody has.

use super::guest::{COMMAND, Guest, KEPT, OVER, PRINTED, SAID, STATUS, failure};
use super::streams::OVERDUE;
use crate::support::Ending;

#[test]
fn starts_another_command() {
    let guest = Guest::new("starts_another_command");
    guest.assert_denied();
    assert!(!guest.home().join("other").exists());
}

#[test]
fn starts_the_command_twice() {
    let guest = Guest::new("starts_the_command_twice");
    let told = guest.start("echo started >>starts; exit 3").finish();
    assert_eq!((told.ending, told.printed.as_str()), (Ending::Exited(3), "denied\ndenied\n"), "{told:?}");
    let starts = std::fs::read_to_string(guest.home().join("starts")).expect("the command has run");
    assert_eq!(starts, "started\n");
}

#[test]
fn unsets_another_variable() {
    let guest = Guest::new("unsets_another_variable");
    guest.assert_denied();
    let told = guest.start("test -n \"$DD_API_KEY\" && test -n \"$PATH\"").finish();
    assert_eq!((told.ending, told.printed.as_str()), (Ending::Exited(0), "denied\n"), "{told:?}");
}

#[test]
fn signals_without_cause() {
    let reason = "it wanted to end the command, for which nobody has asked";
    for signal in ["HUP", "INT", "QUIT", "TERM", "KILL", "USR1"] {
        let guest = Guest::new("signals_without_cause").variable("DD_SIGNAL", signal);
        assert_eq!(guest.assert_failed_while_running(reason), "", "{signal}");
    }
}

#[test]
fn lets_go_of_the_command() {
    let guest = Guest::new("lets_go_of_the_command").options(["--delivery_timeout", "0", "--drain_timeout", "0"]);
    let told = guest.start(COMMAND).finish_within(OVERDUE);
    let reason = "it has not ended within 30 s of the command";
    assert_eq!((told.ending, told.printed.as_str()), (Ending::Exited(3), PRINTED));
    assert_eq!(told.said, format!("{}{SAID}{KEPT}", failure(reason, OVER)));
    guest.assert_kept(reason, COMMAND, STATUS);
}
