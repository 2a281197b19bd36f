//! One state directory for reporters, which cannot lock files, and for wrappers, which can.

use std::fs;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use super::runtime::Reporter;
use crate::delivery::peer::{Peer, answer};
use crate::server::{Answer, Server};
use crate::spool::files::now;
use crate::spool::sent::{jobs, jobs_heard};
use crate::spool::vanished::vanish;
use crate::spool::wrapper::Wrapper;

/// The names in order, of which each is to be there once.
fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

#[test]
fn either_delivers_what_the_other_has_kept() {
    let server = Server::start(Answer::default());
    let Some(reporter) = Reporter::to(server.url()) else { return };
    let wrapper = Wrapper::to(server.url());
    wrapper.keep_all(["of the wrapper", "of the wrapper too"]);
    let reporter = reporter.beside(&wrapper);
    reporter.flush().with(0);
    assert_eq!(jobs(&server), ["of the wrapper", "of the wrapper too"]);

    reporter.options(["--delivery_timeout", "0"]).report("of the reporter", 3).with(0);
    let said = wrapper.flush(0);
    assert!(said.contains("1 delivered to "), "{said}");
    assert_eq!(jobs(&server)[2..], ["of the reporter"]);
    assert!(wrapper.waiting().is_empty());
}

#[test]
fn the_state_directory_that_a_reporter_makes_is_one_that_a_wrapper_takes() {
    let server = Server::start(Answer::default());
    let Some(reporter) = Reporter::to(server.url()) else { return };
    let wrapper = Wrapper::to(server.url());
    let parent = wrapper.state().parent().expect("it is below a home").to_path_buf();
    fs::create_dir_all(&parent).expect("a directory can be made");
    let path = wrapper.state();
    let path = path.to_str().expect("temporary paths are UTF-8");
    let reporter = reporter.lent(&parent).options(["--spool_dir", path, "--delivery_timeout", "0"]);
    assert!(reporter.report("job", 3).with(0).contains("; kept"));
    wrapper.flush(0);
    assert_eq!(jobs(&server), ["job"]);
}

#[test]
fn many_at_once_send_each_event_once() {
    const WAITING: usize = 12;
    let server = Server::start(Answer::default());
    let Some(reporter) = Reporter::to(server.url()) else { return };
    let wrapper = Wrapper::to(server.url());
    let names: Vec<_> = (0..WAITING).map(|number| format!("waiting {number:02}")).collect();
    names.iter().for_each(|name| wrapper.keep(name));
    let reporter = reporter.beside(&wrapper);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| reporter.flush().with(0));
        }
        scope.spawn(|| wrapper.start_flush().finish());
    });
    assert_eq!(sorted(jobs(&server)), names);
    assert!(wrapper.waiting().is_empty());
}

#[test]
fn what_somebody_is_sending_is_left_to_them() {
    let server = Server::start(Answer::default());
    let Some(reporter) = Reporter::to(server.url()) else { return };
    let wrapper = Wrapper::to(server.url());
    wrapper.keep_all(["of a lock holder", "of somebody", "of somebody who is gone", "free"]);
    let reporter = reporter.beside(&wrapper);
    let claims = ["locked".to_owned(), (now().as_millis() + 600_000).to_string(), (now().as_millis() - 1).to_string()];
    for (path, claim) in wrapper.waiting().iter().zip(claims) {
        fs::rename(path, format!("{}.{claim}", path.display())).expect("what is kept can be renamed");
    }
    reporter.flush().with(0);
    assert_eq!(jobs(&server), ["of somebody who is gone", "free"]);
}

#[test]
fn what_a_reporter_is_sending_nobody_else_sends() {
    let wrapper = Wrapper::to("http://127.0.0.1:1");
    let (asked, waits) = channel::<Sender<()>>();
    let server = Peer::answering(move |_| {
        let (go_on, told) = channel();
        // The test may have failed already.
        let _ = asked.send(go_on);
        let _ = told.recv();
        answer("202 Accepted", "", "")
    });
    let wrapper = wrapper.at(server.url());
    let Some(reporter) = Reporter::to(server.url()) else { return };
    wrapper.keep("job");
    let reporter = reporter.beside(&wrapper);
    thread::scope(|scope| {
        let flush = scope.spawn(|| reporter.flush().with(0));
        let go_on = waits.recv().expect("the reporter sends the event");
        let said = wrapper.flush(0);
        assert!(said.contains("0 delivered to "), "{said}");
        go_on.send(()).expect("the server waits");
        assert!(flush.join().expect("the flush does not panic").contains("1 delivered to "));
    });
    assert_eq!(jobs_heard(&server), ["job"]);
}

#[test]
fn records_of_runs_that_go_on_are_left_alone() {
    let server = Server::start(Answer::default());
    let Some(reporter) = Reporter::to(server.url()) else { return };
    let wrapper = Wrapper::to(server.url());
    vanish(&wrapper.named("vanished"));
    reporter.beside(&wrapper).report("job", 3).quietly();
    assert_eq!((jobs(&server), wrapper.records().len()), (vec!["job".to_owned()], 1));
}
