//! Keys and passwords that are refused, or stand where none is expected: they are not shown. While a command runs, they
//! are nowhere but where they came from.
//!
//! That no other test of delivery shows or keeps one is checked at the end of each of its runs.

use std::fs;

use nix::sys::signal::{Signal, kill};

use super::peer::{DESERTED, Peer, answer, field};
use super::reporter::{API_KEY, APPLICATION_KEY, CREDENTIALS, Reporter};
use crate::processes;
use crate::support::Ending;
use crate::watched::{Gate, eventually, process_in};

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
        let reason = reporter.reason_of_keeping();
        assert!(reason.starts_with("the proxy cannot be used: "), "{reason}");
    }
}

#[test]
fn a_command_inherits_the_keys_unless_they_are_hidden() {
    let server = Peer::answering(|_| answer("202 Accepted", "", ""));
    let mut deliveries = 0;
    for (name, other) in [("DD_API_KEY", "DATADOG_API_KEY"), ("DATADOG_API_KEY", "DD_API_KEY")] {
        let reporter = Reporter::without_key(server.url()).variable(name, API_KEY).variable("EXPECTED", API_KEY);
        let hidden = reporter.clone().options(["--hide_api_key"]);
        reporter.assert_delivered(&format!("[ \"${name}\" = \"$EXPECTED\" ] && exit 7"), 7);
        hidden.assert_delivered(&format!("[ -z \"${{{name}+set}}\" ] && [ \"$EXPECTED\" ] && exit 8"), 8);
        // Both are hidden, also when the key that is used comes from elsewhere.
        let both = hidden.variable(other, "another").options(["-k", API_KEY]);
        both.assert_delivered("[ -z \"${DD_API_KEY+set}${DATADOG_API_KEY+set}\" ] && exit 9", 9);
        deliveries += 3;
    }
    let keys: Vec<_> = server.heard().iter().map(|request| field(request, "dd-api-key").map(str::to_owned)).collect();
    assert_eq!(keys, vec![Some(API_KEY.to_owned()); deliveries]);
}

#[test]
fn no_file_holds_a_key_while_a_command_runs_nor_after_a_kill() {
    let site = format!("http://{CREDENTIALS}@{DESERTED}");
    let keyless = Reporter::without_key(&site).variable("DD_APP_KEY", APPLICATION_KEY).impatient();
    fs::write(keyless.directory().join("key"), API_KEY).expect("the directory can be written to");
    let gate = Gate::new(keyless.directory().join("gate"));
    for reporter in [
        keyless.clone().options(["-k", API_KEY]),
        keyless.clone().options(["--api_key_file", "key"]),
        keyless.clone().variable("DD_API_KEY", API_KEY),
    ] {
        let reporting = reporter.start("echo $PPID > started; read line < gate");
        let started = reporter.directory().join("started");
        let wrapper = process_in(&started);
        let records = || fs::read_dir(reporter.state().join("running")).expect("there is a record").count();
        let number = records();
        assert!(number > 0);
        reporter.check_that_secrets_are_kept("");

        kill(wrapper, Signal::SIGKILL).expect("it is alive");
        gate.open();
        eventually("the end of the command", || processes::at_home(reporting.home()).is_empty().then_some(()));
        assert_eq!(reporting.finish().ending, Ending::Signaled(Signal::SIGKILL as i32));
        assert_eq!(records(), number, "a kill leaves the record");
        fs::remove_file(started).expect("it was written");
    }
    // The next run keeps what the others could not report.
    keyless.variable("DD_API_KEY", API_KEY).run("exit 3");
}
