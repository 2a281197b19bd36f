//! Proxies: tunnels for https, whole addresses for http, and what becomes of it when they do not do as asked.

mod chosen;

use std::io::Write;
use std::net::SocketAddr;

use super::authority::Authority;
use super::peer::{DESERTED, Peer, answer, field, lead_to, trickle};
use super::reporter::{API_KEY, CREDENTIALS, ENCODED_CREDENTIALS, Reporter};

/// A name that only a proxy knows.
const SITE: &str = "api.test";

/// A proxy that leads every tunnel to `target`.
fn proxy_to(target: SocketAddr) -> Peer {
    proxy_agreeing("HTTP/1.1 200 Connection established\r\n\r\n", target)
}

/// The same with other words.
fn proxy_agreeing(answer: &'static str, target: SocketAddr) -> Peer {
    Peer::start(move |mut client, heard| {
        heard.listen(&client)?;
        client.write_all(answer.as_bytes())?;
        lead_to(&client, target)
    })
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
    for url in [proxy.url(), proxy.address().to_string()] {
        reporter("https", &authority).variable("HTTPS_PROXY", url).assert_delivered("exit 3", 3);
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
fn an_agreement_to_a_tunnel_has_many_forms() {
    let authority = Authority::new();
    let server = authority.server_of(SITE);
    for agreement in [
        "HTTP/1.0 200 Connection established\r\n\r\n",
        "HTTP/1.1 200 OK\r\nvia: proxy\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 \r\nconnection: close\r\n\r\n",
    ] {
        let proxy = proxy_agreeing(agreement, server.address());
        reporter("https", &authority).variable("HTTPS_PROXY", proxy.url()).assert_delivered("exit 3", 3);
    }
    assert_eq!(server.heard().len(), 3);
}

#[test]
fn a_user_of_the_proxy_is_authenticated_to_the_proxy_alone() {
    let authority = Authority::new();
    let server = authority.server_of(SITE);
    let proxy = proxy_to(server.address());
    for credentials in [CREDENTIALS, "%75ser:%73%33cr3t"] {
        let url = format!("http://{credentials}@{}", proxy.address());
        reporter("https", &authority).variable("HTTPS_PROXY", url).assert_delivered("exit 3", 3);
    }
    let expected = format!("Basic {ENCODED_CREDENTIALS}");
    assert_eq!((proxy.heard().len(), server.heard().len()), (2, 2));
    for (asked, tunnelled) in proxy.heard().iter().zip(server.heard()) {
        assert_eq!(field(asked, "proxy-authorization"), Some(expected.as_str()));
        assert_eq!(field(&tunnelled, "proxy-authorization"), None);
    }
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

#[test]
fn a_name_that_no_certificate_can_have_is_said() {
    let authority = Authority::new();
    let server = authority.server_of(SITE);
    let proxy = proxy_to(server.address());
    let reporter = Reporter::to("https://api..test").variable("HTTPS_PROXY", proxy.url());
    assert_eq!(reporter.reason_of_keeping(), "no secure connection: no certificate can be for the name 'api..test'");
    assert!(server.heard().is_empty());
}

/// Why nothing is delivered through a proxy that refuses with `status`.
fn refused(status: &'static str, scheme: &str, variable: &str) -> String {
    let proxy = Peer::answering(move |_| answer(status, "", "<html>no</html>"));
    let reason = reporter(scheme, &Authority::new()).variable(variable, proxy.url()).reason_of_keeping();
    assert!(!proxy.heard().is_empty());
    reason
}

#[test]
fn a_proxy_that_refuses_a_tunnel_is_said() {
    for (status, words) in [("502 Bad Gateway", "502 Bad Gateway"), ("403 No", "403 Forbidden"), ("599 No", "599")] {
        let reason = refused(status, "https", "HTTPS_PROXY");
        assert_eq!(reason, format!("the proxy does not let us through: {words}"));
    }
}

#[test]
fn a_proxy_that_cannot_be_used_as_it_is_set_up_is_said() {
    assert!(refused("407 Proxy Authentication Required", "https", "HTTPS_PROXY").contains("proxy"));
    for (scheme, variable) in [("http", "HTTP_PROXY"), ("https", "HTTPS_PROXY")] {
        for url in ["https://127.0.0.1:1", "socks5://127.0.0.1:1", "http://127.0.0.1:port", "no proxy"] {
            let reason = reporter(scheme, &Authority::new()).variable(variable, url).reason_of_keeping();
            assert!(reason.contains("proxy"), "{reason}");
        }
    }
}

#[test]
fn a_proxy_that_refuses_a_request_is_said() {
    for status in ["407 Proxy Authentication Required", "502 Bad Gateway"] {
        assert_eq!(refused(status, "http", "HTTP_PROXY"), status);
    }
}

#[test]
fn a_proxy_that_refuses_without_an_end_is_not_listened_to_for_long() {
    let proxy = Peer::start(|mut client, heard| {
        heard.listen(&client)?;
        client.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 1000000\r\n\r\n")?;
        trickle(client, b' ')
    });
    // That this takes far less time than a delivery may is checked there.
    let reason = reporter("http", &Authority::new()).variable("HTTP_PROXY", proxy.url()).reason_of_keeping();
    assert_eq!(reason, "the API does not accept the key: 403 Forbidden");
}

#[test]
fn a_proxy_that_is_not_there_is_said() {
    for (scheme, variable) in [("http", "HTTP_PROXY"), ("https", "HTTPS_PROXY")] {
        let reporter = reporter(scheme, &Authority::new()).variable(variable, format!("http://{DESERTED}"));
        let reason = reporter.reason_of_keeping();
        assert_eq!(reason, "the proxy does not let us through: connection refused");
    }
}

#[test]
fn a_proxy_that_gives_no_answer_is_said() {
    let proxy = Peer::start(|client, heard| heard.listen(&client).map(|_| ()));
    let reason = reporter("https", &Authority::new()).variable("HTTPS_PROXY", proxy.url()).reason_of_keeping();
    assert_eq!(reason, "the proxy does not let us through: it closed the connection before an answer");
    let proxy = Peer::answering(|_| "SSH-2.0-OpenSSH_9.2\r\n".to_owned());
    let reason = reporter("https", &Authority::new()).variable("HTTPS_PROXY", proxy.url()).reason_of_keeping();
    assert_eq!(reason, "the proxy does not let us through: its answer is not HTTP");
}

#[test]
fn a_proxy_of_an_open_site_gets_the_whole_address() {
    let proxy = Peer::answering(|_| answer("202 Accepted", "", ""));
    let url = format!("http://{CREDENTIALS}@{}", proxy.address());
    reporter("http", &Authority::new()).variable("HTTP_PROXY", url).assert_delivered("exit 3", 3);
    let [request] = proxy.heard().try_into().expect("there is one request");
    assert!(request.starts_with("POST http://api.test/api/v1/events HTTP/1.1\r\n"), "{request}");
    let expected = format!("Basic {ENCODED_CREDENTIALS}");
    assert_eq!((field(&request, "host"), field(&request, "dd-api-key")), (Some(SITE), Some(API_KEY)));
    assert_eq!(field(&request, "proxy-authorization"), Some(expected.as_str()));
}
