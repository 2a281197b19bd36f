//! What waits, between reports.

use super::runtime::Reporter;
use crate::server::{Answer, Server};
use crate::spool::sent::jobs;
use crate::spool::wrapper::{OTHER_KEY, Wrapper};

/// Keeps an event for each name, in this order.
fn keep_all<const N: usize>(reporter: &Reporter, names: [&str; N]) {
    let reporter = reporter.options(["--delivery_timeout", "0"]);
    for name in names {
        let said = reporter.report(name, 3).with(0);
        assert!(said.contains("; kept"), "{said}");
    }
}

#[test]
fn a_later_report_delivers_what_waits() {
    let server = Server::start(Answer::default());
    let Some(reporter) = Reporter::to(server.url()) else { return };
    let wrapper = Wrapper::to(server.url());
    let reporter = reporter.beside(&wrapper);
    keep_all(&reporter, ["one", "two"]);
    reporter.key(OTHER_KEY).report("of another key", 3).quietly();
    reporter.report("later", 3).quietly();
    assert_eq!(jobs(&server), ["of another key", "later", "one", "two"]);
    assert!(wrapper.waiting().is_empty());
}

#[test]
fn a_report_with_nothing_to_submit_delivers_what_waits() {
    let server = Server::start(Answer::default());
    let Some(reporter) = Reporter::to(server.url()) else { return };
    let reporter = reporter.beside(&Wrapper::to(server.url()));
    keep_all(&reporter, ["one"]);
    reporter.report("a success", 0).quietly();
    assert_eq!(jobs(&server), ["one"]);
}

#[test]
fn a_flush_delivers_everything_and_says_how_much() {
    let server = Server::start(Answer::default());
    let Some(reporter) = Reporter::to(server.url()) else { return };
    let reporter = reporter.beside(&Wrapper::to(server.url()));
    keep_all(&reporter, ["one", "two", "three"]);
    let listed = reporter.run(["--spool", "--json"]);
    assert_eq!((listed.status, listed.printed.lines().count()), (0, 3), "{listed:?}");
    let said = reporter.flush().with(0);
    assert_eq!(said, format!("dogwrap-report: 3 delivered to {}, 0 left\n", server.url()));
    assert_eq!(jobs(&server), ["one", "two", "three"]);
    assert!(reporter.run(["--spool"]).printed.starts_with("nothing waits"));
}

#[test]
fn a_flush_that_leaves_something_says_so_with_its_status() {
    let Some(reporter) = Reporter::to("http://127.0.0.1:1") else { return };
    let reporter = reporter.beside(&Wrapper::to("http://127.0.0.1:1"));
    keep_all(&reporter, ["one"]);
    let said = reporter.options(["--delivery_timeout", "0.5"]).flush().with(1);
    assert!(said.ends_with(", 1 left\n"), "{said}");
}
