//! What the API gets when it accepts, and that nothing is said or kept then.

use serde_json::Value;

use super::reporter::{API_KEY, APPLICATION_KEY, CREDENTIALS, ENCODED_CREDENTIALS, Reporter};
use crate::server::{Answer, Request, Server};

/// Reports a failure and a success to a server that accepts, and returns the requests.
fn accepted(reporter: impl FnOnce(&Server) -> Reporter) -> Vec<Request> {
    let server = Server::start(Answer::default());
    let reporter = reporter(&server);
    reporter.assert_delivered("exit 3", 3);
    reporter.assert_delivered("exit 0", 0);
    server.requests()
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let (_, value) = request.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name))?;
    Some(value)
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).expect("a request is JSON")
}

#[test]
fn every_run_is_one_post_that_names_its_sender_and_its_length() {
    let mut authority = String::new();
    let requests = accepted(|server| {
        authority = format!("127.0.0.1:{}", server.port());
        Reporter::to(server.url())
    });
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/api/v1/events"));
        assert_eq!(header(&request, "dd-api-key"), Some(API_KEY));
        assert_eq!(header(&request, "content-type"), Some("application/json"));
        assert_eq!(header(&request, "content-length"), Some(request.body.len().to_string().as_str()));
        assert_eq!(header(&request, "host"), Some(authority.as_str()));
        for absent in ["transfer-encoding", "dd-application-key", "authorization", "proxy-authorization"] {
            assert_eq!(header(&request, absent), None);
        }
        let agent = header(&request, "user-agent").expect("the sender is named");
        let inside = agent.strip_prefix(concat!("dogwrap/", env!("CARGO_PKG_VERSION"), " ("));
        assert!(inside.is_some_and(|inside| inside.ends_with(')')), "{agent}");
    }
}

#[test]
fn any_status_of_success_is_acceptance() {
    for status in [200, 201, 204] {
        let server = Server::start(Answer { status, body: String::new() });
        Reporter::to(server.url()).assert_delivered("exit 3", 3);
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn an_application_key_is_sent_along() {
    for name in ["DATADOG_APP_KEY", "DD_APP_KEY"] {
        let requests = accepted(|server| Reporter::to(server.url()).variable(name, APPLICATION_KEY));
        assert!(requests.iter().all(|request| header(request, "dd-application-key") == Some(APPLICATION_KEY)));
    }
}

#[test]
fn the_metric_goes_before_the_event() {
    let requests = accepted(|server| Reporter::to(server.url()).options(["--send_metric"]));
    let targets: Vec<_> = requests.iter().map(|request| request.target.as_str()).collect();
    assert_eq!(targets, ["/api/v1/series", "/api/v1/events", "/api/v1/series", "/api/v1/events"]);
    assert_eq!(body(&requests[0])["series"][0]["metric"], "dogwrap.duration");
    assert!(requests.iter().all(|request| header(request, "dd-api-key") == Some(API_KEY)));
}

#[test]
fn a_path_in_the_site_goes_before_the_apis_own() {
    let requests = accepted(|server| Reporter::to(format!("{}/base/path/", server.url())));
    assert!(requests.iter().all(|request| request.target == "/base/path/api/v1/events"));
}

#[test]
fn a_user_in_the_site_is_authenticated() {
    let requests = accepted(|server| Reporter::to(format!("http://{CREDENTIALS}@127.0.0.1:{}", server.port())));
    let expected = format!("Basic {ENCODED_CREDENTIALS}");
    assert!(requests.iter().all(|request| header(request, "authorization") == Some(&expected)));
    assert_eq!(header(&requests[0], "dd-api-key"), Some(API_KEY));
}

#[test]
fn an_event_has_the_host_name_that_is_set() {
    for request in accepted(|server| Reporter::to(server.url()).variable("DD_HOSTNAME", "named-by-hand")) {
        assert_eq!(body(&request)["host"], "named-by-hand");
    }
}

#[test]
fn an_event_has_a_host_name_when_none_is_set() {
    for request in accepted(|server| Reporter::to(server.url())) {
        let event = body(&request);
        assert!(event["host"].as_str().is_some_and(|host| !host.is_empty()), "{event}");
    }
}
