//! Guests that send something elsewhere, or what is no event.

use std::net::{Ipv4Addr, TcpListener};

use super::guest::{Guest, NOT_STARTED};
use crate::delivery::addresses::own_network::in_own_network;
use crate::delivery::addresses::{HTTPS, assert_left_alone, listener};
use crate::delivery::peer::{Peer, answer, field};

/// Somebody that a guest has no business with, and the address.
fn somebody() -> (TcpListener, String) {
    let listener = listener(Ipv4Addr::LOCALHOST, 0);
    let address = listener.local_addr().expect("a listener has an address").to_string();
    (listener, address)
}

#[test]
fn connects_to_another_authority() {
    let (other, address) = somebody();
    let guest = Guest::new("connects_to_another_authority").variable("DD_OTHER", &address);
    let allowed = guest.server.url().replace("http://", "");
    let guest = guest.variable("DD_ALLOWED", allowed);
    guest.assert_denied();
    assert_left_alone(&other);
    assert!(guest.server.requests().is_empty());
}

#[test]
fn connects_to_a_private_address() {
    in_own_network("sandbox::network::connects_to_a_private_address", || {
        let listener = listener(Ipv4Addr::UNSPECIFIED, HTTPS);
        let urls = "https://api.datadoghq.com https://api.us3.datadoghq.com https://api.us5.datadoghq.com";
        let guest = Guest::new("connects_to_a_private_address").variable("DD_URLS", urls);
        assert_eq!(guest.seen(), "Err(\"ErrorCode::DestinationIpProhibited\")\n".repeat(3));
        assert_left_alone(&listener);
    });
}

#[test]
fn connects_to_the_metadata_address() {
    in_own_network("sandbox::network::connects_to_the_metadata_address", || {
        let (http, https) = (listener(Ipv4Addr::UNSPECIFIED, 80), listener(Ipv4Addr::UNSPECIFIED, HTTPS));
        let path = "latest/meta-data/iam/security-credentials/";
        let denied = format!("http://169.254.169.254/{path} http://[::ffff:169.254.169.254]/{path}");
        let named = format!("http://metadata.test/{path}");
        let guest = Guest::new("connects_to_the_metadata_address")
            .at("http://metadata.test")
            .variable("DD_URLS", format!("{denied} {named} https://api.datadoghq.eu/{path}"));
        let [denied, prohibited] = ["HttpRequestDenied", "DestinationIpProhibited"]
            .map(|code| format!("Err(\"ErrorCode::{code}\")\n").repeat(2));
        assert_eq!(guest.seen(), denied + &prohibited);
        assert_left_alone(&http);
        assert_left_alone(&https);
    });
}

#[test]
fn opens_a_socket() {
    let (other, address) = somebody();
    let guest = Guest::new("opens_a_socket").variable("DD_OTHER", &address);
    guest.assert_failed("it imports 'wasi:sockets/network@0.2.12', which is not lent", NOT_STARTED);
    assert_left_alone(&other);
}

#[test]
fn follows_a_redirect() {
    let (other, address) = somebody();
    let location = format!("location: http://{address}/api/v1/events\r\n");
    let server = Peer::answering(move |_| answer("307 Temporary Redirect", &location, ""));
    let guest = Guest::new("follows_a_redirect").at(server.url()).variable("DD_URL", server.url());
    assert_eq!(guest.seen(), "307\ndenied\n");
    let heard = server.heard();
    assert_eq!((heard.len(), field(&heard[0], "DD-API-KEY")), (1, Some(crate::spool::wrapper::KEY)));
    assert_left_alone(&other);
}

#[test]
fn sends_a_get_request() {
    let guest = Guest::new("sends_a_get_request");
    let url = guest.server.url();
    let guest = guest.variable("DD_URL", url);
    guest.assert_denied();
    assert!(guest.server.requests().is_empty());
}

#[test]
fn sends_a_large_request() {
    let guest = Guest::new("sends_a_large_request");
    let url = guest.server.url();
    let guest = guest.variable("DD_URL", url);
    assert_eq!(guest.seen(), "denied\nOk(202)\n");
    let lengths: Vec<_> = guest.server.requests().iter().map(|request| request.body.len()).collect();
    assert_eq!(lengths, [1024 * 1024]);
}

#[test]
fn sends_too_many_requests() {
    let guest = Guest::new("sends_too_many_requests");
    let url = guest.server.url();
    let guest = guest.variable("DD_URL", url);
    assert_eq!(guest.seen(), "2000\ndenied\n");
    assert_eq!(guest.server.requests().len(), 2000);
}
