//! Which proxy is used, and who is reached without one, as variables of the environment say.

use super::{SITE, proxy_to, reporter};
use crate::delivery::authority::Authority;
use crate::delivery::peer::{DESERTED, Peer, answer};
use crate::delivery::reporter::Reporter;
use crate::server::{Answer, Server};

#[test]
fn the_first_variable_names_the_proxy() {
    let authority = Authority::new();
    let server = authority.server_of(SITE);
    let (tunnel, reader) = (proxy_to(server.address()), Peer::answering(|_| answer("202 Accepted", "", "")));
    for (scheme, proxy) in [("http", &reader), ("https", &tunnel)] {
        let names = [format!("dd_proxy_{scheme}"), format!("{scheme}_proxy"), "all_proxy".to_owned()];
        let names: Vec<_> = names.into_iter().flat_map(|name| [name.clone(), name.to_uppercase()]).collect();
        for first in 0..names.len() {
            let url = |index| if index == first { proxy.url() } else { format!("http://{DESERTED}") };
            let value = |index| if index < first { String::new() } else { url(index) };
            let variables = names.iter().enumerate().map(|(index, name)| (name, value(index)));
            let reporter = reporter(scheme, &authority);
            variables.fold(reporter, |so_far, (name, url)| so_far.variable(name, url)).assert_delivered("exit 3", 3);
        }
        assert_eq!(proxy.heard().len(), names.len());
    }
}

#[test]
fn a_cgi_script_does_not_take_a_header_for_a_proxy() {
    let server = Server::start(Answer::default());
    let reporter = Reporter::to(server.url()).variable("REQUEST_METHOD", "GET");
    reporter.clone().variable("HTTP_PROXY", format!("http://{DESERTED}")).assert_delivered("exit 3", 3);
    let reason = reporter.variable("http_proxy", format!("http://{DESERTED}")).reason_of_keeping();
    assert_eq!(reason, "the proxy does not let us through: connection refused");
}

/// A reporter to this URL that finds a proxy which is not there.
fn without_proxy(url: String) -> Reporter {
    Reporter::to(url).variable("ALL_PROXY", format!("http://{DESERTED}"))
}

#[test]
fn who_needs_no_proxy_is_reached_without() {
    let server = Server::start(Answer::default());
    let port = server.port();
    let (exactly, other) = (format!("127.0.0.1:{port}"), format!("127.0.0.1:{}", port ^ 1));
    for (host, exceptions) in [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "other.test, 127.0.0.0/8"),
        ("127.0.0.1", "other.test 10.0.0.0/8\t127.0.0.0/8"),
        ("127.0.0.1", exactly.as_str()),
        ("127.0.0.1", "*"),
        ("localhost", "localhost"),
        ("localhost", ".localhost"),
        ("localhost", "*.localhost"),
        ("localhost", "*"),
    ] {
        let reporter = without_proxy(format!("http://{host}:{port}"));
        reporter.variable("NO_PROXY", exceptions).assert_delivered("exit 3", 3);
    }
    for exceptions in ["", "127.0.0.2", "128.0.0.0/8", &other] {
        let reporter = without_proxy(server.url()).variable("NO_PROXY", exceptions);
        assert_eq!(reporter.reason_of_keeping(), "the proxy does not let us through: connection refused");
    }
    let authority = Authority::new();
    let server = authority.server();
    let reporter = without_proxy(format!("https://{}", server.address())).variable("SSL_CERT_FILE", authority.file());
    reporter.variable("NO_PROXY", "127.0.0.1").assert_delivered("exit 3", 3);
    assert_eq!(server.heard().len(), 1);
}

#[test]
fn the_first_variable_names_the_exceptions() {
    let names = ["dd_proxy_no_proxy", "DD_PROXY_NO_PROXY", "no_proxy", "NO_PROXY"];
    let server = Server::start(Answer::default());
    for first in 0..names.len() {
        let reporter = without_proxy(server.url());
        let exceptions = |index| if index == first { "other.test 127.0.0.1" } else { "other.test" };
        let value = |index| if index < first { "" } else { exceptions(index) };
        let variables = names.iter().enumerate().map(|(index, name)| (name, value(index)));
        variables.fold(reporter, |so_far, (name, list)| so_far.variable(name, list)).assert_delivered("exit 3", 3);
    }
    assert_eq!(server.requests().len(), names.len());
}
