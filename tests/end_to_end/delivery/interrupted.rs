//! Signals while something is delivered: the wait is over, and nothing is lost.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};

use super::peer::Peer;
use super::reporter::{Reporter, Reporting, Told};
use crate::support::Ending;

/// Well before a delivery would be given up.
const PROMPTLY: Duration = Duration::from_secs(8);

/// Sends `signal` while `server` keeps a delivery waiting, and waits for the end.
fn interrupt(reporting: Reporting, server: &Peer, signal: Signal) -> Told {
    server.wait_for_request();
    kill(reporting.running.pid(), signal).expect("what was not waited for can be signalled");
    let told = reporting.finish();
    assert!(told.duration < PROMPTLY, "{told:?}");
    told
}

#[test]
fn a_signal_ends_the_delivery_and_the_event_is_kept() {
    for (signal, status) in
        [(Signal::SIGTERM, 3), (Signal::SIGTERM, 0), (Signal::SIGINT, 3), (Signal::SIGHUP, 3), (Signal::SIGQUIT, 3)]
    {
        let server = Peer::silent();
        let reporter = Reporter::to(server.url());
        let told = interrupt(reporter.start(&format!("exit {status}")), &server, signal);
        assert_eq!(told.ending, Ending::Exited(status), "{signal}");
        let [kept] = reporter.kept().try_into().expect("the event is kept");
        assert!(kept.reason.contains("signal"), "{kept:?}");
    }
}

#[test]
fn a_signal_ends_the_delivery_of_everything_that_waits() {
    let server = Peer::silent();
    let reporter = Reporter::to(server.url()).options(["--send_metric"]);
    let told = interrupt(reporter.start("exit 3"), &server, Signal::SIGTERM);
    assert_eq!(told.ending, Ending::Exited(3));
    assert_eq!(reporter.kept().len(), 2);
}

#[test]
fn what_a_signal_leaves_undelivered_is_said() {
    // Again and again: whether a line is written before the end could be a matter of luck.
    for _ in 0..10 {
        let server = Peer::silent();
        let reporter = Reporter::to(server.url());
        let told = interrupt(reporter.start("exit 3"), &server, Signal::SIGTERM);
        assert_eq!(reporter.reason_given("event", &told), reporter.kept()[0].reason);
    }
}

#[test]
fn a_signal_ends_a_flush_and_what_is_not_delivered_stays() {
    let server = Peer::silent();
    let keyless = Reporter::without_key(server.url());
    for _ in 0..3 {
        keyless.run("exit 3");
    }
    let reporter = keyless.clone().variable("DD_API_KEY", "key");
    let told = interrupt(reporter.start_flush(), &server, Signal::SIGTERM);
    assert_eq!(told.ending, Ending::Exited(1), "{told:?}");
    assert_eq!(reporter.kept().len(), 3);
}
