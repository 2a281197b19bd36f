//! Answers other than acceptance: the status and the API's own words are said, and what was refused is kept, or set aside
//! when it is the request itself that was refused.

use super::peer::{Peer, answer, field};
use super::reporter::{API_KEY, Fate, IMPATIENT_ATTEMPTS, Reporter};
use crate::server::{Answer, Server};
use crate::support::Ending;

const STATUSES: [(u16, &str); 8] = [
    (400, "400 Bad Request"),
    (401, "the API does not accept the key: 401 Unauthorized"),
    (403, "the API does not accept the key: 403 Forbidden"),
    (404, "404 Not Found"),
    (413, "413 Payload Too Large"),
    (429, "429 Too Many Requests"),
    (500, "500 Internal Server Error"),
    (503, "503 Service Unavailable"),
];

/// Why an event is not accepted by a server that gives this answer.
fn reason(status: u16, body: &str) -> String {
    let (fate, attempts) = match status {
        400 | 413 => (Fate::SetAside, 1),
        408 | 429 | 500.. => (Fate::Kept, IMPATIENT_ATTEMPTS),
        _ => (Fate::Kept, 1),
    };
    let server = Server::start(Answer { status, body: body.to_owned() });
    let reason = Reporter::to(server.url()).reason_of(fate);
    assert_eq!(server.requests().len(), 2 * attempts);
    reason
}

#[test]
fn errors_of_the_api_are_said_in_its_words() {
    for (status, name) in STATUSES {
        assert_eq!(reason(status, r#"{"errors": ["First", "second"]}"#), format!("{name}: First, second"));
    }
}

#[test]
fn pages_for_browsers_are_not_shown() {
    for (status, name) in STATUSES {
        assert_eq!(reason(status, "<html><body><h1>Sorry</h1></body></html>"), name);
    }
}

#[test]
fn an_empty_answer_is_its_status() {
    for (status, name) in STATUSES {
        assert_eq!(reason(status, ""), name);
    }
}

#[test]
fn a_status_that_no_standard_names_is_its_number() {
    // Gateways before the API give such.
    assert_eq!(reason(520, ""), "520");
    assert_eq!(reason(520, r#"{"errors": ["words"]}"#), "520: words");
}

#[test]
fn other_json_is_its_status() {
    for body in ["{}", "[]", "null", r#"{"errors": []}"#, r#"{"errors": [""]}"#, r#"{"errors": [{"title": "x"}]}"#] {
        assert_eq!(reason(400, body), "400 Bad Request", "{body}");
    }
}

#[test]
fn long_words_are_cut_and_stay_one_line() {
    let words = reason(500, &format!(r#"{{"errors": ["one\ntwo\r\n\tthree {}"]}}"#, "x".repeat(5000)));
    assert!(words.starts_with("500 Internal Server Error: one two three xxx"), "{words}");
    assert!(words.chars().count() < 300, "{words}");
}

#[test]
fn words_cannot_command_the_terminal() {
    let words = reason(500, r#"{"errors": ["\u001b[2Jgone\u0007\u009b2J"]}"#);
    assert!(!words.contains(char::is_control), "{words:?}");
}

#[test]
fn an_answer_that_repeats_the_key_is_shown_without_it() {
    let words = reason(403, &format!(r#"{{"errors": ["Forbidden: {API_KEY}"]}}"#));
    assert_eq!(words, "the API does not accept the key: 403 Forbidden: Forbidden: ***");
}

#[test]
fn a_redirect_is_not_followed() {
    for (status, name) in [(301, "301 Moved Permanently"), (302, "302 Found"), (307, "307 Temporary Redirect")] {
        let elsewhere = Server::start(Answer::default());
        let target = format!("location: {}/api/v1/events\r\n", elsewhere.url());
        let server = Peer::answering(move |_| answer(&status.to_string(), &target, ""));
        assert_eq!(Reporter::to(server.url()).reason_of_keeping(), name);
        assert_eq!(server.heard().len(), 2);
        assert!(elsewhere.requests().is_empty(), "{:?}", elsewhere.requests());
    }
}

/// Reports to a server that refuses what goes to one path, within a time for exactly two attempts of that, and returns the
/// kind of what was kept.
fn kept_of_two(refused_path: &'static str, what: &str, time: &str) -> String {
    let is_refused = move |request: &str| request.starts_with(&format!("POST {refused_path} "));
    let server =
        Peer::answering(move |request| answer(if is_refused(request) { "500 Oops" } else { "202 Accepted" }, "", ""));
    let reporter = Reporter::to(server.url()).options(["--send_metric", "--delivery_timeout", time]);
    let told = reporter.run("exit 3");
    assert_eq!(told.ending, Ending::Exited(3));
    assert_eq!(reporter.reason_given(what, &told), "500 Internal Server Error");
    let heard = server.heard();
    assert!(heard.iter().all(|request| field(request, "dd-api-key") == Some(API_KEY)), "{heard:?}");
    let refused = heard.iter().filter(|request| is_refused(request)).count();
    assert_eq!((refused, heard.len() - refused), (2, 1), "{heard:?}");
    let [kept] = reporter.kept().try_into().expect("one of the two is kept");
    kept.request.kind
}

#[test]
fn a_refused_metric_does_not_hold_back_the_event() {
    // Half of the time is for the event alone.
    assert_eq!(kept_of_two("/api/v1/series", "metric", "1.48"), "metric");
}

#[test]
fn a_refused_event_does_not_take_back_the_metric() {
    assert_eq!(kept_of_two("/api/v1/events", "event", "0.74"), "event");
}
