//! TLS: delivered to whom the system trusts, and to nobody else.

use super::authority::Authority;
use super::peer::{Peer, answer, field};
use super::reporter::{API_KEY, Reporter};
use crate::support::Ending;

/// A reporter that trusts `authority` alone, to this server.
fn reporter(server: &Peer, authority: &Authority) -> Reporter {
    Reporter::to(format!("https://{}", server.address())).variable("SSL_CERT_FILE", authority.file())
}

/// Why nothing is delivered to this server by those who trust `authority`. The server gets to see nothing.
fn reason(server: &Peer, authority: &Authority) -> String {
    let reason = reporter(server, authority).reason_of_keeping();
    assert!(server.heard().is_empty(), "{:?}", server.heard());
    reason
}

#[test]
fn a_trusted_server_gets_the_event() {
    let authority = Authority::new();
    let server = authority.server();
    let reporter = reporter(&server, &authority);
    reporter.assert_delivered("exit 3", 3);
    reporter.assert_delivered("exit 0", 0);
    let heard = server.heard();
    assert_eq!(heard.len(), 2);
    assert!(heard.iter().all(|request| request.starts_with("POST /api/v1/events HTTP/1.1\r\n")), "{heard:?}");
    assert_eq!(field(&heard[0], "dd-api-key"), Some(API_KEY));
    assert_eq!(field(&heard[0], "host"), Some(server.address().to_string().as_str()));
}

#[test]
fn an_authority_that_is_not_trusted_is_said() {
    let reason = reason(&Authority::new().server(), &Authority::new());
    assert!(reason.starts_with("no secure connection: ") && reason.contains("does not trust the issuer"), "{reason}");
}

#[test]
fn an_expired_certificate_is_said() {
    let authority = Authority::new();
    let server = authority.expired_server();
    let reporter = reporter(&server, &authority);
    // One run alone: the words may hold the time.
    let told = reporter.run("exit 3");
    assert_eq!(told.ending, Ending::Exited(3));
    let reason = reporter.reason_given("event", &told);
    assert!(reason.starts_with("no secure connection: ") && reason.contains("certificate has expired"), "{reason}");
    assert_eq!(reporter.kept().len(), 1);
    assert!(server.heard().is_empty());
}

#[test]
fn a_certificate_for_another_name_is_said() {
    let authority = Authority::new();
    let reason = reason(&authority.server_of("another.test"), &authority);
    assert!(reason.starts_with("no secure connection: ") && reason.contains("not valid for name"), "{reason}");
    assert!(reason.contains("127.0.0.1") && reason.contains("another.test"), "{reason}");
}

#[test]
fn a_server_without_tls_is_said() {
    let server = Peer::answering(|_| answer("400 Bad Request", "", ""));
    let reason = reason(&server, &Authority::new());
    assert!(reason.starts_with("no secure connection: "), "{reason}");
}

#[test]
fn a_server_that_wants_tls_is_not_spoken_to_without() {
    let authority = Authority::new();
    let server = authority.server();
    // What such a server says is an alert, which is not HTTP.
    assert_eq!(Reporter::to(server.url()).reason_of_keeping(), "the answer is not HTTP");
    assert!(server.heard().is_empty());
}

#[test]
fn a_system_that_trusts_nobody_is_said() {
    let server = Authority::new().server();
    let reporter = Reporter::to(format!("https://{}", server.address())).variable("SSL_CERT_FILE", "/dev/null");
    let reason = reporter.reason_of_keeping();
    assert!(reason.contains("no certificates were found"), "{reason}");
}
