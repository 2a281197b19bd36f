//! Guests that handle what the command prints as nobody should.

use std::time::Duration;

use super::guest::{Guest, KEPT, OVER, PRINTED, RUNNING, SAID, failure};
use crate::support::Ending;

/// Within this a guest is stopped that only waits, which the host lets it do for 30 seconds.
pub const OVERDUE: Duration = Duration::from_secs(60);

#[test]
fn drops_in_the_wrong_order() {
    let guest = Guest::new("drops_in_the_wrong_order");
    assert_eq!(guest.assert_failed_while_running("resource has children"), "");
}

#[test]
fn reads_after_the_end() {
    let guest = Guest::new("reads_after_the_end");
    let told = guest.run();
    assert_eq!((told.printed, told.said), (format!("{PRINTED}{}", "denied\n".repeat(4)), SAID.to_owned()));
}

#[test]
fn never_reads_the_output() {
    let reason = "it does not read what the command prints";
    let guest = Guest::new("never_reads_the_output");
    // More than a pipe holds, and more than a component may say of its own.
    let command = "head -c 3000000 /dev/zero | tr '\\0' x; echo; exit 3";
    let told = guest.start(command).finish_within(OVERDUE);
    assert_eq!(told.ending, Ending::Exited(3), "{}", told.said);
    assert_eq!((told.printed, told.said), ("x".repeat(3_000_000) + "\n", failure(reason, RUNNING) + KEPT));
    guest.assert_kept(reason, command, 3);
}

#[test]
fn never_ends() {
    let reason = "it has not ended within 30 s of the command";
    let guest = Guest::new("never_ends").options(["--delivery_timeout", "0", "--drain_timeout", "0"]);
    let told = guest.start("exit 3").finish_within(OVERDUE);
    assert_eq!((told.ending, told.printed.as_str()), (Ending::Exited(3), ""));
    // That it says something gives it no more time.
    assert_eq!(told.said, format!("still here\n{}{KEPT}", failure(reason, OVER)));
    guest.assert_kept(reason, "exit 3", 3);
}
