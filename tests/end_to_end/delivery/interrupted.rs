//! Signals while something is delivered: the wait is over, and nothing is lost.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};

use super::peer::{Peer, answer, wait_for_end};
use super::reporter::{API_KEY, Reporter, Reporting, Told};
use crate::support::Ending;
use crate::watched::eventually;

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
    let reporter = keyless.clone().variable("DD_API_KEY", API_KEY);
    let told = interrupt(reporter.start_flush(), &server, Signal::SIGTERM);
    assert_eq!(told.ending, Ending::Exited(1), "{told:?}");
    assert_eq!(reporter.kept().len(), 3);
}

/// A server that asks to be left alone for so long that this just fits, and what says that its client does so.
fn busy_server() -> (Peer, Arc<AtomicBool>) {
    let is_left_alone = Arc::<AtomicBool>::default();
    let server = Peer::start({
        let is_left_alone = Arc::clone(&is_left_alone);
        move |mut stream, heard| {
            heard.listen(&stream)?;
            stream.write_all(answer("503 Later", "retry-after: 9\r\n", "").as_bytes())?;
            // Who has the answer hangs up.
            wait_for_end(&stream)?;
            is_left_alone.store(true, Ordering::Relaxed);
            Ok(())
        }
    });
    (server, is_left_alone)
}

/// Sends `signal` while a delivery waits for another attempt, and waits for the end.
fn interrupt_pause(reporting: Reporting, is_left_alone: &AtomicBool, signal: Signal) -> Told {
    eventually("a pause", || is_left_alone.load(Ordering::Relaxed).then_some(()));
    kill(reporting.running.pid(), signal).expect("what was not waited for can be signalled");
    let told = reporting.finish();
    assert!(told.duration < PROMPTLY, "{told:?}");
    told
}

#[test]
fn a_signal_ends_a_pause_before_another_attempt_and_the_event_is_kept() {
    for (signal, status) in [(Signal::SIGTERM, 3), (Signal::SIGTERM, 0), (Signal::SIGINT, 3)] {
        let (server, is_left_alone) = busy_server();
        let reporter = Reporter::to(server.url());
        let told = interrupt_pause(reporter.start(&format!("exit {status}")), &is_left_alone, signal);
        assert_eq!(told.ending, Ending::Exited(status), "{signal}");
        let [kept] = reporter.kept().try_into().expect("the event is kept");
        assert_eq!((reporter.reason_given("event", &told), kept.tried), (kept.reason, 1));
        assert_eq!(server.heard().len(), 1);
    }
}

#[test]
fn a_signal_ends_a_pause_of_a_flush_and_what_is_not_delivered_stays() {
    let (server, is_left_alone) = busy_server();
    let keyless = Reporter::without_key(server.url());
    for _ in 0..3 {
        keyless.run("exit 3");
    }
    let reporter = keyless.clone().variable("DD_API_KEY", API_KEY);
    let told = interrupt_pause(reporter.start_flush(), &is_left_alone, Signal::SIGTERM);
    assert_eq!(told.ending, Ending::Exited(1), "{told:?}");
    assert!(told.said.ends_with(&format!("dogwrap: 0 delivered to {}, 3 left\n", reporter.api())), "{told:?}");
    assert_eq!((reporter.kept().len(), server.heard().len()), (3, 1));
}
