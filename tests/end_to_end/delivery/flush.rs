//! `--flush`: what was kept is delivered once, to the API that it was for, and forgotten then.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::peer::{DESERTED, Peer, answer, field};
use super::reporter::{API_KEY, CREDENTIALS, IMPATIENT_ATTEMPTS, Reporter};
use super::stored::Kept;
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

    // Whose it is nobody knows, so somebody has to ask for it.
    let reporter = keyless.clone().variable("DD_API_KEY", API_KEY);
    assert_eq!(reporter.run("exit 3").said, "");
    assert_eq!((server.requests().len(), reporter.kept().len()), (1, 2));

    assert_eq!(flush(&reporter, 0), format!("dogwrap: 2 delivered to {}, 0 left\n", server.url()));
    assert!(reporter.kept().is_empty());
    let delivered: Vec<_> = server.requests()[1..].iter().map(event).collect();
    assert_eq!(delivered, kept.iter().map(Kept::event_later).collect::<Vec<_>>());

    assert_eq!(flush(&reporter, 0), format!("dogwrap: 0 delivered to {}, 0 left\n", server.url()));
    assert_eq!(server.requests().len(), 3);
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
    let reporter = Reporter::to(server.url()).impatient();
    reporter.run("exit 3");
    let said = flush(&reporter, 1);
    let [about_one, about_all] = said.lines().collect::<Vec<_>>().try_into().expect("two lines are said");
    assert!(about_one.ends_with(".json: 503 Service Unavailable"), "{said}");
    assert_eq!(about_all, format!("dogwrap: 0 delivered to {}, 1 left", server.url()));
    let [kept] = reporter.kept().try_into().expect("one event is kept");
    assert_eq!((kept.tried, kept.reason.as_str()), (2, "503 Service Unavailable"));
    assert_eq!(server.requests().len(), 2 * IMPATIENT_ATTEMPTS);
}

#[test]
fn what_cannot_be_sent_stays() {
    let reporter = Reporter::to(format!("http://{DESERTED}")).impatient();
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
    let summary = format!("dogwrap: 1 delivered to {}, 0 left, 2 waiting for another site or key\n", server.url());
    assert_eq!(flush(&reporter, 0), summary);
    let [request] = server.requests().try_into().expect("there is one request");
    assert_eq!(request.target, "/api/v1/events");
    assert!(other.requests().is_empty());
    let left: Vec<_> = reporter.kept().into_iter().map(|kept| kept.recipient.api).collect();
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

/// Reports to a server that refuses, does what the line says once it accepts, and checks that the event is delivered then.
fn assert_the_line_is_right(reporter: impl FnOnce(String) -> Reporter) {
    let accepts = Arc::new(AtomicBool::new(false));
    let server = Peer::answering({
        let accepts = Arc::clone(&accepts);
        move |_| answer(if accepts.load(Ordering::Relaxed) { "202 Accepted" } else { "404 Later" }, "", "")
    });
    let reporter = reporter(server.url());
    let advice = reporter.run("exit 3").advice();
    accepts.store(true, Ordering::Relaxed);
    let told = reporter.follow(&advice);
    assert_eq!(told.ending, Ending::Exited(0), "{advice}: {told:?}");
    assert!(reporter.kept().is_empty(), "{advice}: {told:?}");
    let keys: Vec<_> = server.heard().iter().map(|request| field(request, "dd-api-key").map(str::to_owned)).collect();
    assert_eq!(keys, [Some(API_KEY.to_owned()), Some(API_KEY.to_owned())]);
}

#[test]
fn the_line_says_what_delivers_to_a_site_of_the_command_line() {
    assert_the_line_is_right(Reporter::to);
}

#[test]
fn the_line_says_what_delivers_with_a_key_of_the_command_line() {
    assert_the_line_is_right(|site| Reporter::without_key(site).options(["-k", API_KEY]));
}
