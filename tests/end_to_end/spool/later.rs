//! What waits is delivered by the next run that reaches the API: in order, with its own times, and without a word.

use std::io::Write;
use std::time::Duration;

use super::files::{content, make_older};
use super::sent::{events, events_heard, jobs, jobs_heard};
use super::wrapper::Wrapper;
use crate::delivery::peer::{Peer, answer, wait_for_end};
use crate::server::{Answer, Server};
use crate::support::Ending;

/// Within this a run is over that delivers for two seconds, also on a machine that is busy.
const PROMPTLY: Duration = Duration::from_secs(6);

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn the_next_run_delivers_what_waits_oldest_first_with_its_own_times() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    wrapper.keep_all(["third", "second", "first"]);
    let times: Vec<_> =
        wrapper.waiting().iter().zip(1..).map(|(path, number)| make_older(path, MINUTE * number * number)).collect();

    let told = wrapper.run("exit 5");
    assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(5), ""), "{told:?}");
    assert_eq!(jobs(&server), ["job", "first", "second", "third"]);
    let sent: Vec<_> = events(&server)[1..].iter().map(|event| event["date_happened"].clone()).collect();
    assert_eq!(sent, [times[2], times[1], times[0]]);
    assert!(events(&server)[0]["date_happened"].is_null());
    assert!(wrapper.waiting().is_empty());
}

#[test]
fn what_waits_is_sent_as_it_was() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    wrapper.options(["--tags", "team:storage", "--notify_error", "@oncall"]).keep("job");
    let [path] = wrapper.waiting().try_into().expect("one event waits");
    let mut kept = content(&path);
    wrapper.run_quietly();
    kept["request"]["body"]["date_happened"] = kept["happened_at"].clone();
    assert_eq!(events(&server), [kept["request"]["body"].clone()]);
}

#[test]
fn a_run_with_nothing_of_its_own_to_send_delivers_what_waits() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    wrapper.keep_all(["first", "second"]);
    wrapper.run_quietly();
    assert_eq!(jobs(&server), ["first", "second"]);
    assert!(wrapper.waiting().is_empty());
}

#[test]
fn a_run_whose_own_event_is_not_accepted_leaves_alone_what_waits() {
    let server = Peer::answering(|_| answer("403 Forbidden", "", ""));
    let wrapper = Wrapper::to(server.url());
    wrapper.keep("first");
    assert_eq!(wrapper.run("exit 3").ending, Ending::Exited(3));
    assert_eq!(jobs_heard(&server), ["job"]);
    assert_eq!(wrapper.waiting_jobs(), ["first", "job"]);
}

#[test]
fn an_api_that_hangs_holds_a_run_up_for_two_seconds_at_most() {
    for submit_mode in ["all", "errors"] {
        let server = Peer::start(move |mut stream, heard| {
            if heard.listen(&stream)?.contains("\"job\"") {
                return stream.write_all(answer("202 Accepted", "", "").as_bytes());
            }
            wait_for_end(&stream)
        });
        let wrapper = Wrapper::to(server.url());
        let names = ["first", "second", "third"];
        wrapper.keep_all(names);
        let told = wrapper.options(["-m", submit_mode]).run("true");
        assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(0), ""), "{told:?}");
        assert!(told.duration < PROMPTLY, "{told:?}");
        assert_eq!(jobs_heard(&server).last().map(String::as_str), Some("first"), "{submit_mode}");
        assert_eq!(wrapper.waiting_jobs(), names);
    }
}

#[test]
fn an_api_that_is_slow_holds_a_run_up_for_two_seconds_at_most() {
    const WAITING: usize = 30;
    let server = Peer::start(move |mut stream, heard| {
        heard.listen(&stream)?;
        // So slow is this server.
        std::thread::sleep(Duration::from_millis(200));
        stream.write_all(answer("202 Accepted", "", "").as_bytes())
    });
    let wrapper = Wrapper::to(server.url());
    (0..WAITING).for_each(|number| wrapper.keep(&format!("waiting {number}")));
    let told = wrapper.run("exit 5");
    assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(5), ""), "{told:?}");
    assert!(told.duration < PROMPTLY, "{told:?}");
    let left = wrapper.waiting().len();
    assert!((1..WAITING).contains(&left), "{left} of {WAITING} are left");
}

#[test]
fn a_shorter_time_for_deliveries_counts_for_what_waits_as_well() {
    let server = Peer::silent();
    let wrapper = Wrapper::to(server.url());
    wrapper.keep("first");
    let told = wrapper.errors_only().options(["--delivery_timeout", "0.1"]).run("true");
    assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(0), ""), "{told:?}");
    assert!(told.duration < Duration::from_millis(1900), "{told:?}");
    assert_eq!(events_heard(&server).len(), 1);
}
