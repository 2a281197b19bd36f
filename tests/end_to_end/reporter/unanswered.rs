//! Servers that do not accept: what is tried again, what is kept and what is lost, and that it ends in time.

use std::fs;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::runtime::Reporter;
use crate::delivery::peer::{DESERTED, Peer, answer, trickle, wait_for_end};
use crate::spool::files::{content, json_files};
use crate::spool::wrapper::Wrapper;

/// How much longer than it may a report takes on a machine that is busy.
const MARGIN: Duration = Duration::from_secs(10);

#[test]
fn a_refused_connection_keeps_the_event_or_loses_it_loudly() {
    let site = format!("http://{DESERTED}");
    let Some(reporter) = Reporter::to(site.as_str()) else { return };
    let reporter = reporter.options(["--delivery_timeout", "0.5"]);
    let lost = reporter.report("job", 3).with(1);
    let start = format!("dogwrap-report: event not delivered to {site}: connection refused; and not kept: ");
    assert!(lost.starts_with(&format!("{start}no state directory is lent")) && lost.lines().count() == 1, "{lost}");
    let lost = reporter.options(["--no_spool"]).report("job", 3).with(1);
    assert!(lost.starts_with(&format!("{start}--no_spool")), "{lost}");

    let wrapper = Wrapper::to(site.as_str());
    let kept = reporter.beside(&wrapper).report("job", 3).with(0);
    assert!(
        kept.contains("connection refused; kept for a later run, or deliver it with ") && kept.lines().count() == 1,
        "{kept}"
    );
    assert_eq!(wrapper.waiting_jobs(), ["job"]);
}

#[test]
fn a_directory_that_is_not_lent_loses_the_event_loudly() {
    let Some(reporter) = Reporter::to(format!("http://{DESERTED}")) else { return };
    let lost = reporter.options(["--delivery_timeout", "0.5", "--spool_dir", "/elsewhere"]).report("job", 3).with(1);
    assert!(lost.contains("; and not kept: the state directory '/elsewhere' cannot be opened, is it lent?"), "{lost}");
}

#[test]
fn the_usual_directory_is_taken_where_it_is_lent() {
    let Some(reporter) = Reporter::to(format!("http://{DESERTED}")) else { return };
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let state = home.path().join("dogwrap");
    fs::create_dir(&state).expect("a directory can be made");
    let variable = format!("XDG_STATE_HOME={}", home.path().display());
    let reporter = reporter.lent(&state).limited(["--env", &variable]).options(["--delivery_timeout", "0"]);
    assert!(reporter.report("job", 3).with(0).contains("; kept"));
    assert_eq!(json_files(&state).len(), 1);
}

#[test]
fn a_directory_may_be_named_as_it_is_from_here() {
    let Some(reporter) = Reporter::to(format!("http://{DESERTED}")) else { return };
    let here = reporter.limited(["--dir", "."]).options(["--spool_dir", "state/below", "--delivery_timeout", "0"]);
    assert!(here.report("job", 3).with(0).contains("; kept"));
}

#[test]
fn an_api_that_never_answers_is_left_in_time_and_the_event_is_kept() {
    let silent = Peer::silent();
    let deaf = Peer::start(|stream, _| wait_for_end(&stream));
    let endless_head = Peer::start(|mut stream, heard| {
        heard.listen(&stream)?;
        stream.write_all(b"HTTP/1.1 202 Accepted\r\nx: ")?;
        trickle(stream, b'x')
    });
    for server in [&silent, &deaf, &endless_head] {
        let Some(reporter) = Reporter::to(server.url()) else { return };
        let wrapper = Wrapper::to(server.url());
        let started = Instant::now();
        let said = reporter.beside(&wrapper).options(["--delivery_timeout", "1"]).report("job", 3).with(0);
        assert!(started.elapsed() < Duration::from_secs(1) + MARGIN, "{said}");
        assert!(said.contains(": no answer in time; kept"), "{said}");
        assert_eq!(wrapper.waiting_jobs(), ["job"]);
    }
}

#[test]
fn what_passes_is_tried_again() {
    let answers = AtomicUsize::new(0);
    let server = Peer::answering(move |_| match answers.fetch_add(1, Ordering::Relaxed) {
        0 => answer("500 Internal Server Error", "", ""),
        _ => answer("202 Accepted", "", ""),
    });
    let Some(reporter) = Reporter::to(server.url()) else { return };
    reporter.report("job", 3).quietly();
    assert_eq!(server.heard().len(), 2);
}

#[test]
fn a_key_that_is_refused_keeps_the_event() {
    let server = Peer::answering(|_| answer("403 Forbidden", "", r#"{"errors":["Forbidden"]}"#));
    let Some(reporter) = Reporter::to(server.url()) else { return };
    let wrapper = Wrapper::to(server.url());
    let said = reporter.beside(&wrapper).report("job", 3).with(0);
    assert!(
        said.contains("the API does not accept the key: 403 Forbidden") && said.contains("; kept, deliver it with"),
        "{said}"
    );
    assert_eq!((server.heard().len(), wrapper.waiting_jobs()), (1, vec!["job".to_owned()]));
}

#[test]
fn what_will_never_be_accepted_is_set_aside() {
    let server = Peer::answering(|_| answer("400 Bad Request", "", r#"{"errors":["bad tag"]}"#));
    let Some(reporter) = Reporter::to(server.url()) else { return };
    let wrapper = Wrapper::to(server.url());
    let said = reporter.beside(&wrapper).report("job", 3).with(0);
    assert!(said.contains("400 Bad Request: bad tag; set aside, see 'dogwrap-report --spool'"), "{said}");
    let [file] = wrapper.set_aside().try_into().expect("one file is set aside");
    assert_eq!(content(&file)["job"], "job");
}

#[test]
fn without_a_key_the_event_is_kept() {
    let wrapper = Wrapper::to("us1");
    let Some(reporter) = Reporter::to("us1") else { return };
    let said = reporter.key("").beside(&wrapper).report("job", 3).with(0);
    assert!(
        said.contains("no API key was given; kept, deliver it with 'DD_API_KEY=... dogwrap-report --flush"),
        "{said}"
    );
}
