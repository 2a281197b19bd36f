//! TLS: delivered to whom the system trusts, or whoever is named instead, and to nobody else.

use std::io::Write;
use std::net::Shutdown;
use std::path::Path;

use super::authority::Authority;
use super::peer::{Peer, answer, field, wait_for_end};
use super::reporter::{API_KEY, Reporter};

/// The variables that say whom to trust, each of which counts for more than those after it.
const BUNDLES: [&str; 3] = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"];

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
fn a_certificate_that_is_not_valid_now_is_said() {
    let authority = Authority::new();
    for (first, last, words) in [(2001, 2001, "certificate has expired"), (2901, 2902, "certificate is not valid yet")]
    {
        let server = authority.server_between(first, last);
        let reason = reason(&server, &authority);
        assert!(reason.starts_with("no secure connection: ") && reason.contains(words), "{reason}");
    }
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
    // It hears everything: a server that goes away with some of it unheard resets the connection.
    let server = Peer::start(|mut stream, _| {
        stream.write_all(answer("400 Bad Request", "", "").as_bytes())?;
        wait_for_end(&stream)
    });
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
fn a_server_that_hangs_up_is_said() {
    let server = Peer::start(|stream, _| {
        stream.shutdown(Shutdown::Write)?;
        wait_for_end(&stream)
    });
    assert_eq!(reason(&server, &Authority::new()), "no secure connection: the connection was closed");

    let authority = Authority::new();
    let server = authority.server_that_hangs_up();
    let reason = reporter(&server, &authority).reason_of_keeping();
    assert_eq!(reason, "the connection was closed before an answer");
    assert!(!server.heard().is_empty());
}

/// A reporter to this server that finds all these variables.
fn with_variables<'a>(server: &Peer, variables: impl IntoIterator<Item = (&'a str, &'a Path)>) -> Reporter {
    let reporter = Reporter::to(format!("https://{}", server.address()));
    variables.into_iter().fold(reporter, |reporter, (name, value)| reporter.variable(name, value))
}

#[test]
fn the_first_variable_says_alone_whom_to_trust() {
    let (trusted, other) = (Authority::new(), Authority::new());
    let server = trusted.server();
    for first in 0..BUNDLES.len() {
        let variables = |first_file, others_file| {
            let file = move |index| if index == 0 { first_file } else { others_file };
            // What is empty is not set.
            let empty = BUNDLES[..first].iter().map(|name| (*name, Path::new("")));
            empty.chain(BUNDLES[first..].iter().enumerate().map(move |(index, name)| (*name, file(index))))
        };
        with_variables(&server, variables(trusted.file(), other.file())).assert_delivered("exit 3", 3);
        let reason = with_variables(&server, variables(other.file(), trusted.file())).reason_of_keeping();
        assert!(reason.contains("does not trust the issuer"), "{}: {reason}", BUNDLES[first]);
    }
}

#[test]
fn a_directory_says_whom_to_trust() {
    let (trusted, other) = (Authority::new(), Authority::new());
    let (trusted_directory, other_directory) = (trusted.directory(), other.directory());
    let server = trusted.server();
    for variable in ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR"] {
        with_variables(&server, [(variable, trusted_directory.path())]).assert_delivered("exit 3", 3);
        let reason = with_variables(&server, [(variable, other_directory.path())]).reason_of_keeping();
        assert!(reason.contains("does not trust the issuer"), "{variable}: {reason}");
    }
    // These two add up, and the latter can name several.
    let both = format!("{}:{}", other_directory.path().display(), trusted_directory.path().display());
    with_variables(&server, [("SSL_CERT_DIR", Path::new(&both))]).assert_delivered("exit 3", 3);
    let variables = [("SSL_CERT_FILE", other.file()), ("SSL_CERT_DIR", trusted_directory.path())];
    with_variables(&server, variables).assert_delivered("exit 3", 3);
}

#[test]
fn a_variable_that_names_no_certificates_is_said_with_its_value() {
    let authority = Authority::new();
    let server = authority.server();
    let empty = tempfile::tempdir().expect("a temporary directory can be made");
    let nowhere = empty.path().join("nowhere");
    for variable in BUNDLES {
        for (path, words) in [(nowhere.as_path(), ": no such file or directory"), (Path::new("/dev/null"), "")] {
            let mut variables = vec![(variable, path)];
            if variable != "SSL_CERT_FILE" {
                // It is not passed over for this one.
                variables.push(("SSL_CERT_FILE", authority.file()));
            }
            let reason = with_variables(&server, variables).reason_of_keeping();
            let expected = format!("no certificates were found with {variable}={}{words}", path.display());
            assert_eq!(reason, format!("no secure connection: {expected}"));
        }
    }
    for variable in ["REQUESTS_CA_BUNDLE", "SSL_CERT_DIR"] {
        let reason = with_variables(&server, [(variable, empty.path())]).reason_of_keeping();
        let expected = format!("no certificates were found with {variable}={}", empty.path().display());
        assert_eq!(reason, format!("no secure connection: {expected}"));
    }
    assert!(server.heard().is_empty());
    // Where nobody has to be trusted, nothing is looked for.
    let open = Peer::answering(|_| answer("202 Accepted", "", ""));
    Reporter::to(open.url()).variable("REQUESTS_CA_BUNDLE", &nowhere).assert_delivered("exit 3", 3);
}
