//! Keys and passwords that are refused, or stand where none is expected: they are not shown.
//!
//! That no other test of delivery shows or keeps one is checked at the end of each of its runs.

use super::peer::DESERTED;
use super::reporter::{API_KEY, APPLICATION_KEY, CREDENTIALS, Reporter};
use crate::support::Ending;

/// Checks that nothing is run, and that the refusal begins so.
fn assert_refused(reporter: &Reporter, beginning: &str) {
    let told = reporter.run("touch ran; echo ran >&2");
    assert_eq!(told.ending, Ending::Exited(2), "{told:?}");
    assert!(told.said.starts_with(&format!("dogwrap: error: {beginning}")) && !told.said.contains("ran"), "{told:?}");
}

#[test]
fn a_key_that_cannot_be_sent_is_refused_without_showing_it() {
    let site = format!("http://{DESERTED}");
    for key in [format!("{API_KEY}\n"), format!("a {API_KEY}"), format!("{API_KEY}\u{1b}"), format!("é{API_KEY}")] {
        assert_refused(&Reporter::without_key(&site).options(["-k", &key]), "the key of --api_key cannot be sent");
        assert_refused(&Reporter::without_key(&site).variable("DD_API_KEY", &key), "the key of DD_API_KEY cannot");
        assert_refused(&Reporter::to(&site).variable("DATADOG_APP_KEY", &key), "the key of DATADOG_APP_KEY cannot");
    }
}

#[test]
fn a_bad_site_is_refused_without_showing_its_password() {
    for site in [
        format!("ftp://{CREDENTIALS}@host"),
        format!("{CREDENTIALS}@host"),
        format!("http://{CREDENTIALS}@"),
        format!("http://{CREDENTIALS}@host?a=b"),
        format!("http://{CREDENTIALS}@host/#x"),
        format!("http://{CREDENTIALS}@host name"),
        format!("http://{CREDENTIALS}\\@host"),
        format!("http:/{CREDENTIALS}@host"),
    ] {
        assert_refused(&Reporter::to(&site), "invalid value");
        assert_refused(&Reporter::to("").variable("DATADOG_HOST", &site), "invalid value");
    }
}

#[test]
fn a_site_whose_port_is_no_number_is_refused_without_showing_its_password() {
    for site in [
        format!("http://{CREDENTIALS}@host:port"),
        format!("http://{CREDENTIALS}@host:99999"),
        // A slash has to be encoded: what is meant for a password stands where a port and a path do.
        "http://user:pass/s3cr3t@host".to_owned(),
    ] {
        assert_refused(&Reporter::to(&site), "invalid value");
    }
}

#[test]
fn options_that_do_not_exist_do_not_show_their_values() {
    let site = format!("http://{DESERTED}");
    for option in [format!("--apikey={API_KEY}"), format!("--app_key={APPLICATION_KEY}")] {
        assert_refused(&Reporter::to(&site).options([&option]), "unexpected argument");
    }
}

#[test]
fn a_proxy_that_cannot_be_used_is_said_without_its_password() {
    for scheme in ["https", "socks5"] {
        let proxy = format!("{scheme}://{CREDENTIALS}@{DESERTED}");
        let reporter = Reporter::to("https://api.test").variable("HTTPS_PROXY", proxy);
        assert_eq!(reporter.reason_of_keeping(), format!("cannot use a proxy with the scheme '{scheme}'"));
    }
}
