//! What the command printed, from files and from standard input.

use std::fs;

use super::runtime::Reporter;
use crate::server::{Answer, Server};
use crate::spool::sent::events;

/// The text of the only event that `server` was sent.
fn text(server: &Server) -> String {
    let events = events(server);
    assert_eq!(events.len(), 1, "{events:?}");
    events[0]["text"].as_str().expect("an event has a text").to_owned()
}

#[test]
fn it_is_read_from_files_and_from_standard_input() {
    let server = Server::start(Answer::default());
    let Some(reporter) = Reporter::to(server.url()) else { return };
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let path = directory.path().join("errors.log");
    fs::write(&path, b"bad \xff byte\n").expect("a file can be written");
    let path = path.to_str().expect("temporary paths are UTF-8");
    let reporter = reporter.lent(directory.path()).options(["--stdout", "-", "--stderr", path]);
    reporter.input("from standard input\n").report("job", 3).quietly();
    let text = text(&server);
    assert!(text.contains("**>>>> STDOUT <<<<**\n```\nfrom standard input\n \n```\n"), "{text}");
    assert!(text.contains("**>>>> STDERR <<<<**\n```\nbad \u{fffd} byte\n \n```\n"), "{text}");
}

#[test]
fn what_cannot_be_read_is_said_and_the_event_is_sent() {
    let server = Server::start(Answer::default());
    let Some(reporter) = Reporter::to(server.url()) else { return };
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let pipe = directory.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("a named pipe can be made");
    let pipe = pipe.to_str().expect("temporary paths are UTF-8");
    let reporter = reporter.lent(directory.path());
    let said = reporter.options(["--stdout", "/absent/out.log", "--stderr", pipe]).report("job", 3).with(0);
    assert!(
        said.contains("'/absent/out.log' cannot be read: ")
            && said.contains(&format!("'{pipe}' cannot be read: it is no file")),
        "{said}"
    );
    assert_eq!(said.lines().count(), 2, "{said}");
    let text = text(&server);
    assert!(text.contains("*What it printed is not shown: '/absent/out.log' cannot be read"), "{text}");
}

#[test]
fn a_hundred_megabytes_are_read_within_a_few() {
    let server = Server::start(Answer::default());
    let Some(reporter) = Reporter::to(server.url()) else { return };
    let limited = reporter.limited(["-W", "max-memory-size=8388608"]).options(["--stdout", "-"]);
    limited.fed_by("head -c 100000000 /dev/zero | tr '\\0' x; echo end").report("job", 3).quietly();
    let text = text(&server);
    assert!(text.contains("*...trimmed...*") && text.contains("xend\n"), "{text}");
}
