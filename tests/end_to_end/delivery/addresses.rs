//! Servers with addresses of all kinds, and with several, of which some lead nowhere, or where nothing may be sent.

mod name_server;
pub(crate) mod own_network;

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, ToSocketAddrs};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use self::own_network::{METADATA, OURS, PRIVATE, PUBLIC};
use super::authority::Authority;
use super::peer::{DESERTED, Peer, answer, field};
use super::reporter::Reporter;
use crate::support::{Ending, skipped};

/// Well under the time for which a single address would be waited for.
const PROMPTLY: Duration = Duration::from_secs(4);

fn in_own_network(name: &str, body: impl FnOnce()) {
    own_network::in_own_network(&format!("delivery::addresses::{name}"), body);
}

fn accepting(address: impl Into<IpAddr>) -> Peer {
    Peer::answering_at(address, |_| answer("202 Accepted", "", ""))
}

#[test]
fn a_server_at_an_ipv6_address_is_reached() {
    if let Err(error) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) {
        return skipped(&format!("servers at IPv6 addresses, because this machine has none: {error}"));
    }
    let server = accepting(Ipv6Addr::LOCALHOST);
    Reporter::to(server.url()).assert_delivered("exit 3", 3);
    assert_eq!(field(&server.heard()[0], "host"), Some(server.address().to_string().as_str()));

    let authority = Authority::new();
    let secure = authority.server_at(Ipv6Addr::LOCALHOST);
    let url = format!("https://{}", secure.address());
    Reporter::to(url).variable("SSL_CERT_FILE", authority.file()).assert_delivered("exit 3", 3);
    assert_eq!(secure.heard().len(), 1);

    let proxy = format!("http://{DESERTED}");
    let this_port = format!("[::1]:{}", server.address().port());
    for exceptions in ["::1", "[::1]", "fd00::/8,::/64", "*", &this_port] {
        let reporter = Reporter::to(server.url()).variable("HTTP_PROXY", &proxy);
        reporter.variable("NO_PROXY", exceptions).assert_delivered("exit 3", 3);
    }
    let reporter = Reporter::to(server.url()).variable("HTTP_PROXY", &proxy).variable("NO_PROXY", "[::1]:1 ::2");
    assert_eq!(reporter.reason_of_keeping(), "the proxy does not let us through: connection refused");
    let reporter = Reporter::to("http://api.test").variable("HTTP_PROXY", server.url());
    reporter.assert_delivered("exit 3", 3);
}

#[test]
fn one_address_that_answers_is_enough() {
    in_own_network("one_address_that_answers_is_enough", || {
        let server = accepting(OURS);
        let port = server.address().port();
        for name in ["refusing-first.test", "silent-first.test", "silent-ipv6-first.test"] {
            let first = (name, port).to_socket_addrs().expect("the name is known").next();
            assert_ne!(first, Some(server.address()), "{name}");
            let reporter = Reporter::to(format!("http://{name}:{port}"));
            let told = reporter.run("exit 3");
            assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(3), ""), "{name}: {told:?}");
            assert!(told.duration < PROMPTLY, "{name}: {told:?}");
        }
        assert_eq!(server.heard().len(), 3);
    });
}

#[test]
fn one_address_of_a_proxy_that_answers_is_enough() {
    in_own_network("one_address_of_a_proxy_that_answers_is_enough", || {
        let proxy = accepting(OURS);
        let url = format!("http://silent-first.test:{}", proxy.address().port());
        Reporter::to("http://api.test").variable("HTTP_PROXY", url).assert_delivered("exit 3", 3);
        let reporter = Reporter::to("https://api.test").variable("HTTPS_PROXY", "http://nobody.invalid");
        let reason = reporter.reason_of_keeping();
        assert_eq!(reason, "the proxy does not let us through: its host name is not known");
        let reporter = Reporter::to("https://api.test").variable("HTTPS_PROXY", "http://203.0.113.1");
        assert_eq!(reporter.reason_of_keeping(), "the proxy does not let us through: it cannot be reached");
    });
}

#[test]
fn a_server_that_cannot_be_found_is_said() {
    in_own_network("a_server_that_cannot_be_found_is_said", || {
        assert_eq!(Reporter::to("http://nobody.invalid").reason_of_keeping(), "the host name is not known");
        // Nothing leads to these networks.
        for host in ["203.0.113.1", "[2001:db8:1::1]"] {
            let reason = Reporter::to(format!("http://{host}")).reason_of_keeping();
            assert!(reason.contains("reach"), "{host}: {reason}");
        }
    });
}

#[test]
fn a_name_is_looked_up_by_dns() {
    in_own_network("a_name_is_looked_up_by_dns", || {
        let server = accepting(OURS);
        let reporter = |name| Reporter::to(format!("http://{name}:{}", server.address().port()));
        name_server::start("known.test", OURS);
        reporter("known.test").assert_delivered("exit 3", 3);
        assert_eq!(reporter("unknown.test").reason_of_keeping(), "the host name is not known");
    });
}

/// The system's library would be loaded for the service `elsewhere`, and the program has none to load it with. It has to do
/// what the rest of the machine does: that `getent` is asked and heard is seen of one that knows more than the system's.
#[test]
fn names_that_other_services_know_are_asked_of_getent() {
    const SERVICES: &str = "hosts: elsewhere [!UNAVAIL=return] files dns # in this order\n";
    const GETENT: &str = r#"#!/bin/sh
[ "$*" = "ahosts -- known.elsewhere" ] && echo "198.51.100.1  STREAM known.elsewhere"
"#;
    if !Path::new("/etc/nsswitch.conf").exists() {
        return skipped("names that other services know, because this machine has no /etc/nsswitch.conf");
    }
    let name = "delivery::addresses::names_that_other_services_know_are_asked_of_getent";
    own_network::in_own_network_with(name, SERVICES, || {
        let server = accepting(OURS);
        let port = server.address().port();
        let reporter = |host| Reporter::to(format!("http://{host}:{port}"));

        reporter("refusing-first.test").assert_delivered("exit 3", 3);
        reporter("198.51.100.1").assert_delivered("exit 3", 3);
        assert_eq!(reporter("known.elsewhere").reason_of_keeping(), "the host name is not known");

        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let getent = directory.path().join("getent");
        let path = |reporter: Reporter| reporter.variable("PATH", directory.path());
        assert_eq!(
            path(reporter("known.elsewhere")).reason_of_keeping(),
            "getent cannot be run, which /etc/nsswitch.conf makes us ask for names: no such file or directory"
        );
        fs::write(&getent, GETENT).expect("the directory can be written to");
        fs::set_permissions(&getent, Permissions::from_mode(0o755)).expect("the file is ours");
        path(reporter("known.elsewhere")).assert_delivered("exit 3", 3);
        assert_eq!(path(reporter("refusing-first.test")).reason_of_keeping(), "the host name is not known");
        assert_eq!(server.heard().len(), 3);
    });
}

#[test]
fn an_address_that_stays_silent_is_given_up() {
    in_own_network("an_address_that_stays_silent_is_given_up", || {
        for host in ["silent.test", "127.7.7.2"] {
            let reporter = Reporter::to(format!("http://{host}"));
            let told = reporter.run("exit 3");
            assert_eq!(told.ending, Ending::Exited(3), "{told:?}");
            let reason = reporter.reason_given("event", &told);
            assert!(reason.contains("in time"), "{reason}");
            assert_eq!(reporter.kept().len(), 1);
        }
    });
}

/// Where a site's API listens.
pub(crate) const HTTPS: u16 = 443;

pub(crate) fn listener(address: Ipv4Addr, port: u16) -> TcpListener {
    TcpListener::bind((address, port)).expect("the port is free in a network of our own")
}

/// Checks that nobody has connected to `listener`. Who did is in its queue.
pub(crate) fn assert_left_alone(listener: &TcpListener) {
    listener.set_nonblocking(true).expect("a listener can be asked without waiting");
    let connected = listener.accept().map_err(|error| error.kind());
    assert_eq!(connected.as_ref().err(), Some(&ErrorKind::WouldBlock), "{connected:?}");
}

/// Checks that both events are kept without a second attempt, because nothing may be sent to where the name leads.
fn assert_prohibited(reporter: &Reporter) {
    let reason = reporter.reason_of_keeping();
    let expected = "its address here is private or forbidden; if a private one is meant (PrivateLink), name the API by its \
                    URL: -s ";
    assert_eq!(reason, format!("{expected}{}", reporter.api()));
    assert!(reporter.kept().iter().all(|kept| kept.tried == 1), "{:?}", reporter.kept());
}

#[test]
fn the_name_of_a_site_leads_to_the_internet_alone() {
    in_own_network("the_name_of_a_site_leads_to_the_internet_alone", || {
        let listener = listener(Ipv4Addr::UNSPECIFIED, HTTPS);
        for site in ["us1", "us3", "us5", "eu"] {
            assert_prohibited(&Reporter::to(site));
        }
        assert_left_alone(&listener);
    });
}

#[test]
fn of_the_addresses_of_a_site_the_public_one_is_used() {
    in_own_network("of_the_addresses_of_a_site_the_public_one_is_used", || {
        let host = "api.ap1.datadoghq.com";
        let first = (host, HTTPS).to_socket_addrs().expect("the name is known").next();
        assert_eq!(first, Some((PRIVATE, HTTPS).into()));
        let (private, authority) = (listener(PRIVATE, HTTPS), Authority::new());
        let server = authority.server_on(listener(PUBLIC, HTTPS), host);
        Reporter::to("ap1").variable("SSL_CERT_FILE", authority.file()).assert_delivered("exit 3", 3);
        assert_eq!(server.heard().len(), 1);
        assert_left_alone(&private);
    });
}

#[test]
fn a_url_leads_to_private_addresses_as_well() {
    in_own_network("a_url_leads_to_private_addresses_as_well", || {
        for (host, address) in [
            ("api.datadoghq.com", Ipv4Addr::LOCALHOST),
            ("api.us3.datadoghq.com", PRIVATE),
            ("api.us5.datadoghq.com", PRIVATE),
        ] {
            let authority = Authority::new();
            let server = authority.server_on(listener(address, HTTPS), host);
            let reporter = Reporter::to(format!("https://{host}")).variable("SSL_CERT_FILE", authority.file());
            reporter.assert_delivered("exit 3", 3);
            assert_eq!(server.heard().len(), 1, "{host}");
        }
    });
}

#[test]
fn some_addresses_are_for_no_url_and_no_proxy() {
    in_own_network("some_addresses_are_for_no_url_and_no_proxy", || {
        let listener = listener(Ipv4Addr::UNSPECIFIED, 0);
        let port = listener.local_addr().expect("a listener has an address").port();
        // The number is the address after it.
        for host in ["metadata.test", "2852039166", "169.254.169.254", "[::ffff:169.254.169.254]", "0.0.0.0"] {
            assert_prohibited(&Reporter::to(format!("http://{host}:{port}")));
        }
        // A proxy is no way to an address that is written down.
        let proxy = format!("http://{DESERTED}");
        assert_prohibited(&Reporter::to(format!("http://169.254.169.254:{port}")).variable("HTTP_PROXY", proxy));
        let reporter = Reporter::to("us1").variable("HTTPS_PROXY", format!("http://{METADATA}:{port}"));
        assert_eq!(reporter.reason_of_keeping(), "the proxy cannot be used: its address is a forbidden one");
        assert_left_alone(&listener);
    });
}

#[test]
fn a_proxy_may_be_private_and_resolves_the_name_itself() {
    in_own_network("a_proxy_may_be_private_and_resolves_the_name_itself", || {
        let proxy = Peer::answering_at(PRIVATE, |_| answer("502 Bad Gateway", "", ""));
        let reporter = Reporter::to("us1").variable("HTTPS_PROXY", proxy.url());
        assert_eq!(reporter.reason_of_keeping(), "the proxy does not let us through: 502 Bad Gateway");
        assert!(proxy.heard()[0].starts_with("CONNECT api.datadoghq.com:443 HTTP/1.1\r\n"), "{:?}", proxy.heard());
    });
}
