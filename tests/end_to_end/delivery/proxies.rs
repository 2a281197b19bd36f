//! Proxies from the environment: tunnels for https, whole addresses for http, and who is reached without one.

use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;

use super::authority::Authority;
use super::peer::{DESERTED, Peer, answer, field};
use super::reporter::{API_KEY, CREDENTIALS, ENCODED_CREDENTIALS, Reporter};
use crate::server::{Answer, Server};

/// A name that only a proxy knows.
const SITE: &str = "api.test";

/// A proxy that leads every tunnel to `target`.
fn proxy_to(target: SocketAddr) -> Peer {
    Peer::start(move |mut client, heard| {
        heard.listen(&client)?;
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
        let server = TcpStream::connect(target)?;
        thread::scope(|scope| {
            scope.spawn(|| pass_on(&client, &server));
            pass_on(&server, &client)
        })
    })
}

fn pass_on(mut from: &TcpStream, mut to: &TcpStream) -> io::Result<()> {
    let passed = io::copy(&mut from, &mut to);
    to.shutdown(Shutdown::Write)?;
    passed.map(|_| ())
}

/// A reporter to a site that only a proxy can reach.
fn reporter(scheme: &str, authority: &Authority) -> Reporter {
    Reporter::to(format!("{scheme}://{SITE}")).variable("SSL_CERT_FILE", authority.file())
}

#[test]
fn a_secure_site_is_reached_through_a_tunnel() {
    let authority = Authority::new();
    let server = authority.server_of(SITE);
    let proxy = proxy_to(server.address());
    for variable in ["HTTPS_PROXY", "https_proxy"] {
        reporter("https", &authority).variable(variable, proxy.url()).assert_delivered("exit 3", 3);
    }
    assert_eq!(server.heard().len(), 2);
    for tunnelled in server.heard() {
        assert!(tunnelled.starts_with("POST /api/v1/events HTTP/1.1\r\n"), "{tunnelled}");
        assert_eq!((field(&tunnelled, "host"), field(&tunnelled, "dd-api-key")), (Some(SITE), Some(API_KEY)));
    }
    for asked in proxy.heard() {
        assert!(asked.starts_with("CONNECT api.test:443 HTTP/1.1\r\n"), "{asked}");
        assert!(!asked.contains(API_KEY), "{asked}");
    }
}

#[test]
fn a_user_of_the_proxy_is_authenticated_to_the_proxy_alone() {
    let authority = Authority::new();
    let server = authority.server_of(SITE);
    let proxy = proxy_to(server.address());
    let url = format!("http://{CREDENTIALS}@{}", proxy.address());
    reporter("https", &authority).variable("HTTPS_PROXY", url).assert_delivered("exit 3", 3);
    let expected = format!("Basic {ENCODED_CREDENTIALS}");
    assert_eq!(field(&proxy.heard()[0], "proxy-authorization"), Some(expected.as_str()));
    assert_eq!(field(&server.heard()[0], "proxy-authorization"), None);
}

#[test]
fn a_tunnel_is_no_reason_to_trust_who_is_at_its_end() {
    let authority = Authority::new();
    let server = authority.server_of("another.test");
    let proxy = proxy_to(server.address());
    let reason = reporter("https", &authority).variable("HTTPS_PROXY", proxy.url()).reason_of_keeping();
    assert!(reason.contains("not valid for name"), "{reason}");
    assert!(server.heard().is_empty());
}

/// Why nothing is delivered through a proxy that refuses with `status`.
fn refused(status: &'static str, scheme: &str, variable: &str) -> String {
    let proxy = Peer::answering(move |_| answer(status, "", "<html>no</html>"));
    let reason = reporter(scheme, &Authority::new()).variable(variable, proxy.url()).reason_of_keeping();
    assert_eq!(proxy.heard().len(), 2);
    reason
}

#[test]
fn a_proxy_that_refuses_a_tunnel_is_said() {
    for (status, words) in [("407 Proxy Authentication Required", "authorization"), ("502 Bad Gateway", "")] {
        let reason = refused(status, "https", "HTTPS_PROXY");
        assert!(reason.starts_with("the proxy does not let us through: ") && reason.contains(words), "{reason}");
    }
}

#[test]
fn a_proxy_that_refuses_a_request_is_said() {
    for status in ["407 Proxy Authentication Required", "502 Bad Gateway"] {
        assert_eq!(refused(status, "http", "HTTP_PROXY"), status);
    }
}

#[test]
fn a_proxy_that_is_not_there_is_said() {
    for (scheme, variable) in [("http", "HTTP_PROXY"), ("https", "HTTPS_PROXY")] {
        let reporter = reporter(scheme, &Authority::new()).variable(variable, format!("http://{DESERTED}"));
        let reason = reporter.reason_of_keeping();
        assert!(reason.starts_with("the proxy does not let us through: "), "{reason}");
        assert!(reason.to_lowercase().contains("connection refused"), "{reason}");
    }
}

#[test]
fn a_proxy_that_hangs_up_is_said() {
    let proxy = Peer::start(|client, heard| heard.listen(&client).map(|_| ()));
    let reason = reporter("https", &Authority::new()).variable("HTTPS_PROXY", proxy.url()).reason_of_keeping();
    assert!(reason.starts_with("the proxy does not let us through: "), "{reason}");
}

#[test]
fn a_proxy_of_an_open_site_gets_the_whole_address() {
    for variable in ["HTTP_PROXY", "http_proxy"] {
        let proxy = Peer::answering(|_| answer("202 Accepted", "", ""));
        let url = format!("http://{CREDENTIALS}@{}", proxy.address());
        reporter("http", &Authority::new()).variable(variable, url).assert_delivered("exit 3", 3);
        let [request] = proxy.heard().try_into().expect("there is one request");
        assert!(request.starts_with("POST http://api.test/api/v1/events HTTP/1.1\r\n"), "{request}");
        let expected = format!("Basic {ENCODED_CREDENTIALS}");
        assert_eq!((field(&request, "host"), field(&request, "dd-api-key")), (Some(SITE), Some(API_KEY)));
        assert_eq!(field(&request, "proxy-authorization"), Some(expected.as_str()));
    }
}

#[test]
fn who_needs_no_proxy_is_reached_without() {
    for (host, exceptions) in [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "other.test, 127.0.0.0/8"),
        ("localhost", "localhost"),
        ("localhost", "*"),
    ] {
        let server = Server::start(Answer::default());
        let reporter = Reporter::to(format!("http://{host}:{}", server.port()));
        let reporter = reporter.variable("HTTP_PROXY", format!("http://{DESERTED}"));
        reporter.variable("NO_PROXY", exceptions).assert_delivered("exit 3", 3);
        assert_eq!(server.requests().len(), 1);
    }
    let authority = Authority::new();
    let server = authority.server();
    let reporter = Reporter::to(format!("https://{}", server.address())).variable("SSL_CERT_FILE", authority.file());
    let reporter = reporter.variable("HTTPS_PROXY", format!("http://{DESERTED}"));
    reporter.variable("no_proxy", "127.0.0.1").assert_delivered("exit 3", 3);
    assert_eq!(server.heard().len(), 1);
}
