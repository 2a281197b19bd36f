//! The same component in Node.js.

use super::runtime::Reporter;
use crate::delivery::peer::Peer;
use crate::server::{Answer, Server};
use crate::spool::sent::{events, jobs};
use crate::spool::wrapper::Wrapper;

#[test]
fn in_node_a_failure_becomes_an_event() {
    let server = Server::start(Answer::default());
    let Some(reporter) = Reporter::in_jco(server.url()) else { return };
    reporter.options(["--stdout", "-"]).input("printed\n").report("job", 3).quietly();
    assert_eq!(jobs(&server), ["job"]);
    assert!(events(&server)[0]["text"].as_str().is_some_and(|text| text.contains("printed")));
}

#[test]
fn in_node_an_api_that_never_answers_keeps_the_event_and_a_wrapper_delivers_it() {
    let silent = Peer::silent();
    let Some(reporter) = Reporter::in_jco(silent.url()) else { return };
    let wrapper = Wrapper::to(silent.url());
    let said = reporter.beside(&wrapper).options(["--delivery_timeout", "1"]).report("job", 3).with(0);
    assert!(said.contains(" in time; kept"), "{said}");
    assert_eq!(wrapper.waiting_jobs(), ["job"]);
}

#[test]
fn in_node_the_status_says_what_became_of_the_event() {
    let Some(reporter) = Reporter::in_jco("http://127.0.0.1:1") else { return };
    reporter.report("job", 0).quietly();
    reporter.options(["--no_spool", "--delivery_timeout", "0.5"]).report("job", 3).with(1);
    reporter.run(["-n", "job"]).with(2);
}
