//! `--flush`: what was kept is delivered once, to the API that it was for, and forgotten then.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::peer::{DESERTED, Peer, answer, field};
use super::reporter::{API_KEY, CREDENTIALS, Reporter};
use crate::server::{Answer, Request, Server};
use crate::support::Ending;

fn event(request: &Request) -> Value {
    serde_json::from_slice(&request.body).expect("an event is JSON")
}

/// Flushes, checks the status, and returns what was said.
fn flush(reporter: &Reporter, status: i32) -> String {
    let told = reporter.flush();
    assert_eq!(told.ending, Ending::Exited(status), "{told:?}");
    told.said
}

#[test]
fn what_was_kept_for_want_of_a_key_is_delivered_exactly_once() {
    let server = Server::start(Answer::default());
    let keyless = Reporter::without_key(server.url());
    assert_eq!(keyless.reason_of_keeping(), "no API key was given");
    let kept = keyless.kept();
    assert!(server.requests().is_empty());

    let reporter = keyless.clone().variable("DD_API_KEY", API_KEY);
    assert_eq!(flush(&reporter, 0), format!("dogwrap: 2 delivered to {}, 0 left\n", server.url()));
    assert!(reporter.kept().is_empty());
    let delivered: Vec<_> = server.requests().iter().map(event).collect();
    assert_eq!(delivered, kept.into_iter().map(|kept| kept.request.body).collect::<Vec<_>>());

    assert_eq!(flush(&reporter, 0), format!("dogwrap: 0 delivered to {}, 0 left\n", server.url()));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_delivery_later_is_like_one_at_once() {
    let server = Server::start(Answer::default());
    let reporter = Reporter::to(server.url());
    reporter.assert_delivered("exit 3", 3);
    reporter.clone().variable("DD_API_KEY", "").run("exit 3");
    flush(&reporter, 0);
    let [at_once, later] = server.requests().try_into().expect("there are two requests");
    let names = |request: Request| request.headers.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!((&at_once.method, &at_once.target), (&later.method, &later.target));
    assert_eq!(names(at_once), names(later));
}

#[test]
fn what_is_refused_again_stays() {
    let server = Server::start(Answer { status: 503, body: String::new() });
    let reporter = Reporter::to(server.url());
    reporter.run("exit 3");
    let said = flush(&reporter, 1);
    let [about_one, about_all] = said.lines().collect::<Vec<_>>().try_into().expect("two lines are said");
    assert!(about_one.ends_with(".json: 503 Service Unavailable"), "{said}");
    assert_eq!(about_all, format!("dogwrap: 0 delivered to {}, 1 left", server.url()));
    assert_eq!(reporter.kept().len(), 1);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn what_cannot_be_sent_stays() {
    let reporter = Reporter::to(format!("http://{DESERTED}"));
    reporter.run("exit 3");
    assert!(flush(&reporter, 1).contains(".json: connection refused\n"));
    assert_eq!(reporter.kept().len(), 1);
}

#[test]
fn without_a_key_nothing_is_sent() {
    let server = Server::start(Answer::default());
    let reporter = Reporter::without_key(server.url());
    reporter.run("exit 3");
    let said = flush(&reporter, 2);
    assert!(said.contains("no API key") && said.contains("DD_API_KEY"), "{said}");
    assert!(server.requests().is_empty());
    assert_eq!(reporter.kept().len(), 1);
}

#[test]
fn only_what_was_kept_for_the_site_is_delivered() {
    let (server, other) = (Server::start(Answer::default()), Server::start(Answer::default()));
    let keyless = Reporter::without_key(server.url());
    let sites = [server.url(), format!("{}/base", server.url()), other.url()];
    for site in &sites {
        keyless.at(site).run("exit 3");
    }
    let reporter = keyless.clone().variable("DD_API_KEY", API_KEY);
    assert_eq!(flush(&reporter, 0), format!("dogwrap: 1 delivered to {}, 0 left\n", server.url()));
    let [request] = server.requests().try_into().expect("there is one request");
    assert_eq!(request.target, "/api/v1/events");
    assert!(other.requests().is_empty());
    let left: Vec<_> = reporter.kept().into_iter().map(|kept| kept.api).collect();
    assert_eq!(left, sites[1..]);
}

#[test]
fn what_was_kept_for_a_site_with_a_user_is_delivered_as_that_user() {
    let server = Peer::answering(|_| answer("202 Accepted", "", ""));
    let keyless = Reporter::without_key(format!("http://{CREDENTIALS}@{}", server.address()));
    keyless.run("exit 3");
    flush(&keyless.variable("DD_API_KEY", API_KEY), 0);
    let [request] = server.heard().try_into().expect("there is one request");
    assert!(field(&request, "authorization").is_some(), "{request}");
}

#[test]
fn with_nothing_kept_there_is_nothing_to_do() {
    let reporter = Reporter::to(format!("http://{DESERTED}"));
    assert_eq!(flush(&reporter, 0), format!("dogwrap: 0 delivered to {}, 0 left\n", reporter.api()));
}

#[test]
fn files_of_others_are_left_alone() {
    let server = Server::start(Answer::default());
    let keyless = Reporter::without_key(server.url());
    keyless.run("exit 3");
    let strangers = ["broken.json", "empty.json", "notes.txt", "0.unfinished"];
    for (name, content) in strangers.into_iter().zip(["{", "", "hello", "{}"]) {
        let path = keyless.spool().join(name);
        fs::write(&path, content).expect("the spool can be written");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("the file is ours");
    }
    flush(&keyless.clone().variable("DD_API_KEY", API_KEY), 0);
    assert_eq!(server.requests().len(), 1);
    assert!(strangers.into_iter().all(|name| keyless.spool().join(name).exists()));
}

/// Reports to a server that refuses once, does what the line says, and checks that the event has been delivered.
fn assert_the_line_is_right(reporter: impl FnOnce(String) -> Reporter) {
    let refused = AtomicBool::new(false);
    let server = Peer::answering(move |_| {
        answer(if refused.swap(true, Ordering::Relaxed) { "202 Accepted" } else { "503 Later" }, "", "")
    });
    let reporter = reporter(server.url());
    let said = reporter.run("exit 3").said;
    let command = said.split('\'').nth(1).expect("a command is quoted");
    let told = reporter.follow(command);
    assert_eq!(told.ending, Ending::Exited(0), "{command}: {told:?}");
    assert!(reporter.kept().is_empty(), "{command}: {told:?}");
    assert_eq!(server.heard().len(), 2);
}

#[test]
fn the_line_says_what_delivers_to_a_site_of_the_command_line() {
    assert_the_line_is_right(Reporter::to);
}

#[test]
fn the_line_says_what_delivers_with_a_key_of_the_command_line() {
    assert_the_line_is_right(|site| Reporter::without_key(site).options(["-k", API_KEY]));
}
