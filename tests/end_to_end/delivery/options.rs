//! Options of delivery: how much time it has, and where what is not delivered is kept, if anywhere.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::peer::{DESERTED, Peer, answer};
use super::reporter::{PROMPTLY, Reporter};
use crate::support::Ending;

/// A server that accepts what it gets, and the number of connections to it.
fn counting() -> (Peer, Arc<AtomicUsize>) {
    let connections = Arc::<AtomicUsize>::default();
    let server = Peer::start({
        let connections = Arc::clone(&connections);
        move |mut stream, heard| {
            connections.fetch_add(1, Ordering::Relaxed);
            heard.listen(&stream)?;
            std::io::Write::write_all(&mut stream, answer("202 Accepted", "", "").as_bytes())
        }
    });
    (server, connections)
}

#[test]
fn without_time_everything_is_kept_at_once() {
    let (server, connections) = counting();
    let patient = Reporter::to(server.url());
    let reporter = patient.clone().options(["--delivery_timeout", "0"]);
    for status in [3, 0] {
        let told = reporter.run(&format!("exit {status}"));
        assert_eq!(told.ending, Ending::Exited(status));
        assert_eq!(reporter.reason_given("event", &told), "no time was given to deliver it");
        assert!(told.duration < PROMPTLY, "{told:?}");
    }
    let told = reporter.clone().options(["--send_metric"]).run("exit 3");
    assert_eq!(reporter.reason_given("metric and event", &told), "no time was given to deliver it");
    // Nor does a run that has nothing to report deliver what waits.
    assert_eq!(reporter.clone().options(["-m", "errors"]).run("exit 0").said, "");
    assert_eq!(connections.load(Ordering::Relaxed), 0);

    let kept = reporter.kept();
    assert_eq!(kept.len(), 4);
    assert!(kept.iter().all(|kept| kept.tried == 0 && kept.recipient.key.is_some()), "{kept:?}");
    patient.assert_delivered("exit 0", 0);
    assert_eq!(connections.load(Ordering::Relaxed), 5);
}

/// Checks that `reporter` says that an event is not delivered for `reason`, and that nothing is made on the disk.
fn assert_lost(reporter: &Reporter, reason: &str) {
    for status in [3, 0] {
        let told = reporter.run(&format!("exit {status}"));
        assert_eq!(told.ending, Ending::Exited(status));
        let what = format!("event not delivered to {}: {reason}", reporter.api());
        assert_eq!(told.said, format!("dogwrap: {what}; and not kept: --no_spool forbids it\n"));
    }
    assert!(!reporter.state().exists());
}

#[test]
fn what_must_not_be_kept_is_lost_and_said() {
    let site = format!("http://{DESERTED}");
    assert_lost(&Reporter::to(&site).options(["--no_spool"]).impatient(), "connection refused");
    assert_lost(&Reporter::without_key(&site).options(["--no_spool"]), "no API key was given");
    for (status, reason) in [("400 No", "400 Bad Request"), ("404 No", "404 Not Found")] {
        let server = Peer::answering(move |_| answer(status, "", ""));
        assert_lost(&Reporter::to(server.url()).options(["--no-spool"]), reason);
    }
}

#[test]
fn what_is_accepted_needs_no_state_directory_where_nothing_is_kept() {
    let (server, _) = counting();
    let reporter = Reporter::to(server.url()).options(["--no_spool"]);
    reporter.assert_delivered("exit 3", 3);
    assert!(!reporter.state().exists());
}

#[test]
fn a_directory_of_choice_holds_what_is_kept() {
    for name in ["spool", "not/there/yet", "with a blank", "it's", "-s", "$HOME"] {
        let usual = Reporter::to(format!("http://{DESERTED}")).impatient();
        let absolute = usual.directory().join("absolute").join(name).display().to_string();
        for path in [name, &absolute] {
            let reporter = usual.spool_directory(path);
            let told = reporter.run("exit 3");
            assert_eq!(told.ending, Ending::Exited(3), "{told:?}");
            assert_eq!((reporter.kept().len(), usual.state().exists()), (1, false), "{path}: {told:?}");
            assert!(reporter.list().contains("connection refused"), "{path}");
            check_advice(&reporter, &told.advice());
        }
    }
}

/// Checks that following `advice`, with a way to the API, delivers what is kept.
fn check_advice(reporter: &Reporter, advice: &str) {
    assert!(advice.contains(" --spool_dir "), "{advice}");
    let (server, connections) = counting();
    let told = reporter.clone().variable("HTTP_PROXY", server.url()).follow(advice);
    assert_eq!((told.ending, reporter.kept().len()), (Ending::Exited(0), 0), "{advice}: {told:?}");
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}

#[test]
fn a_directory_of_choice_that_cannot_be_used_is_said() {
    let usual = Reporter::to(format!("http://{DESERTED}")).impatient();
    fs::write(usual.directory().join("file"), "").expect("the directory can be written to");
    for path in ["file", "file/below", "/proc/nowhere"] {
        let told = usual.clone().options(["--spool_dir", path]).run("exit 3");
        assert_eq!(told.ending, Ending::Exited(3));
        let what = format!("dogwrap: event not delivered to {}: connection refused; and not kept: ", usual.api());
        assert!(told.said.starts_with(&what) && told.said.contains(path) && told.said.lines().count() == 1, "{told:?}");
        assert!(!usual.state().exists());
    }
}
