//! Guests that lie about how the command has ended.

use super::guest::{Guest, NOT_STARTED, PRINTED, SAID};
use crate::support::Ending;

#[test]
fn invents_a_status() {
    for (status, invented) in [(3, 0), (0, 1), (3, 124), (3, 2), (0, 255)] {
        let guest = Guest::new("invents_a_status").variable("DD_STATUS", invented.to_string());
        let told = guest.start(&format!("echo out; exit {status}")).finish();
        assert_eq!((told.ending, told.printed.as_str()), (Ending::Exited(status), PRINTED), "{told:?}");
        let line = format!(
            "dogwrap: the component ended with status {invented}, and the command with {status}, which counts\n"
        );
        assert_eq!(told.said, line);
    }
    // One that is true needs no correction.
    let told = Guest::new("invents_a_status").variable("DD_STATUS", "3").run();
    assert_eq!((told.printed.as_str(), told.said.as_str()), (PRINTED, SAID));
}

#[test]
fn never_starts_the_command() {
    let reason = "it ended with status 0 and did not start the command";
    Guest::new("never_starts_the_command").assert_failed(reason, NOT_STARTED);
}

#[test]
fn refuses_the_command() {
    // Rules may say that an invocation makes no sense.
    let guest = Guest::new("refuses_the_command");
    let told = guest.start("echo ran >ran").finish();
    assert_eq!((told.ending, told.printed.as_str(), told.said.as_str()), (Ending::Exited(2), "", ""));
    assert!(!guest.home().join("ran").exists());
}

#[test]
fn ends_before_the_command() {
    let reason = "it ended with status 0 before the command did";
    let guest = Guest::new("ends_before_the_command");
    assert_eq!(guest.assert_failed_while_running(reason), "");
}
