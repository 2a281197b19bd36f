//! What a flush shows while it goes on: a line that changes on a terminal, and nothing elsewhere.

use super::wrapper::{KEY, Wrapper};
use crate::delivery::peer::{Peer, answer};
use crate::server::{Answer, Server};
use crate::support::dogwrap_path;
use crate::terminal::session::Session;

const ERASE_LINE: &str = "\r\u{1b}[K";

/// Types a flush into a terminal, and returns what is shown up to the end of its summary.
fn shown_by_flush(wrapper: &Wrapper, url: &str, redirection: &str, summary: &str) -> String {
    let mut session = Session::start();
    let (program, state) = (dogwrap_path(), wrapper.state());
    session.command(&format!(
        "DD_API_KEY={KEY} {} --flush -s {url} --spool_dir {} {redirection}; echo status=$?",
        program.display(),
        state.display()
    ));
    session.wait_for("status=");
    let before = session.shown().len() - "status=".len();
    let shown = session.shown()[..before].replace("(shell) ", "");
    assert!(shown.ends_with(summary), "{shown:?}");
    shown
}

#[test]
fn a_terminal_shows_how_far_it_has_come() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    (0..3).for_each(|_| wrapper.keep("job"));
    let url = server.url();
    let summary = format!("{ERASE_LINE}dogwrap: 3 delivered to {url}, 0 left\r\n");
    let shown = shown_by_flush(&wrapper, &url, "", &summary);
    let steps: String = (0..3).map(|number| format!("\rdogwrap: {number} of 3 delivered to {url}\u{1b}[K")).collect();
    assert_eq!(shown, format!("{steps}{summary}"));
}

#[test]
fn what_is_said_meanwhile_has_lines_of_its_own() {
    let server = Peer::answering(|request| {
        answer(if request.contains("\"refused\"") { "400 No" } else { "202 Accepted" }, "", "")
    });
    let wrapper = Wrapper::to(server.url());
    wrapper.keep_all(["first", "refused", "last"]);
    let summary = format!("{ERASE_LINE}dogwrap: 2 delivered to {}, 0 left, 1 set aside\r\n", server.url());
    let shown = shown_by_flush(&wrapper, &server.url(), "", &summary);
    let message = format!("{ERASE_LINE}dogwrap: event of 'refused' set aside, ");
    assert!(shown.contains(&message), "{shown:?}");
}

#[test]
fn with_nothing_to_deliver_there_is_no_progress() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    let summary = format!("dogwrap: 0 delivered to {}, 0 left\r\n", server.url());
    assert_eq!(shown_by_flush(&wrapper, &server.url(), "", &summary), summary);
}

#[test]
fn elsewhere_there_is_only_the_summary() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    let summary = format!("dogwrap: 2 delivered to {}, 0 left\n", server.url());
    (0..2).for_each(|_| wrapper.keep("job"));
    assert_eq!(wrapper.flush(0), summary);
    (0..2).for_each(|_| wrapper.keep("job"));
    let shown = shown_by_flush(&wrapper, &server.url(), "2>&1 | cat", &summary.replace('\n', "\r\n"));
    assert_eq!(shown, summary.replace('\n', "\r\n"));
}
