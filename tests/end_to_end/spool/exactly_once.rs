//! Many that deliver at once, and some that are killed meanwhile: everything arrives, and nothing twice.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use nix::sys::signal::{Signal, kill};

use super::files::now;
use super::sent::{jobs, jobs_heard};
use super::vanished::vanish;
use super::wrapper::Wrapper;
use crate::delivery::peer::{Peer, answer, wait_for_end};
use crate::server::{Answer, Server};
use crate::support::Ending;
use crate::watched::eventually;

/// How long a test waits for what another thread does.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often each name occurs.
fn counted(names: Vec<String>) -> BTreeMap<String, usize> {
    names.into_iter().fold(BTreeMap::new(), |mut counted, name| {
        *counted.entry(name).or_default() += 1;
        counted
    })
}

#[test]
fn twenty_runs_at_once_deliver_everything_that_waits_once() {
    const WAITING: usize = 30;
    const RUNS: usize = 20;
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    (0..WAITING).for_each(|number| wrapper.keep(&format!("waiting {number}")));
    let start = |number: usize| wrapper.named(format!("run {number}")).start(&format!("exit {number}"));
    let runs: Vec<_> = (0..RUNS).map(start).collect();
    for (number, run) in runs.into_iter().enumerate() {
        let told = run.finish();
        assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(number as i32), ""), "{told:?}");
    }
    wrapper.flush(0);
    let counted = counted(jobs(&server));
    assert_eq!(counted.len(), WAITING + RUNS, "{counted:?}");
    assert!(counted.values().all(|count| *count == 1), "{counted:?}");
    assert!(wrapper.waiting().is_empty() && wrapper.records().is_empty());
}

#[test]
fn twenty_runs_at_once_report_each_run_that_vanished_once() {
    const RUNS: usize = 20;
    let names = ["first", "second", "third"];
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    names.into_iter().for_each(|name| vanish(&wrapper.named(name)));
    let runs: Vec<_> = (0..RUNS).map(|_| wrapper.errors_only().start("true")).collect();
    for run in runs {
        let told = run.finish();
        assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(0), ""), "{told:?}");
    }
    wrapper.flush(0);
    assert_eq!(counted(jobs(&server)), names.map(|name| (name.to_owned(), 1)).into());
    assert!(wrapper.waiting().is_empty() && wrapper.records().is_empty());
}

#[test]
fn a_flush_waits_for_another_and_finds_nothing() {
    let (go_on, wait) = mpsc::channel::<()>();
    let server = Peer::start(move |mut stream, heard| {
        heard.listen(&stream)?;
        let _ = wait.recv_timeout(PATIENCE);
        stream.write_all(answer("202 Accepted", "", "").as_bytes())
    });
    let wrapper = Wrapper::to(server.url());
    wrapper.keep("first");
    wrapper.keep("second");
    let one = wrapper.start_flush();
    server.wait_for_request();
    let mut other = wrapper.start_flush();
    let waits = "dogwrap: waiting for another run that delivers\n";
    eventually("a flush that waits", || (other.said_so_far() == waits).then_some(()));
    // An ordinary run does not wait.
    wrapper.run_quietly();
    assert!(!other.is_over());
    drop(go_on);
    let summary = |number| format!("dogwrap: {number} delivered to {}, 0 left\n", server.url());
    let (one, other) = (one.finish(), other.finish());
    assert_eq!((one.ending, one.said), (Ending::Exited(0), summary(2)));
    assert_eq!((other.ending, other.said), (Ending::Exited(0), format!("{waits}{}", summary(0))));
    assert_eq!(jobs_heard(&server), ["first", "second"]);
}

#[test]
fn a_flush_that_waits_ends_with_a_signal() {
    let server = Peer::silent();
    let wrapper = Wrapper::to(server.url());
    wrapper.keep("first");
    let one = wrapper.start_flush();
    server.wait_for_request();
    let other = wrapper.start_flush();
    eventually("a flush that waits", || other.said_so_far().contains("waiting").then_some(()));
    kill(other.pid(), Signal::SIGTERM).expect("it was not waited for");
    assert_eq!(other.finish().ending, Ending::Exited(1));
    assert_eq!(one.kill().ending, Ending::Signaled(9));
    // It waits again as soon as somebody else delivers.
    let listed = wrapper.list([]).printed;
    assert!(listed.contains("being sent") && listed.contains("first"), "{listed}");
    drop(server);
    wrapper.options(["--delivery_timeout", "1"]).flush(1);
    assert_eq!(wrapper.waiting_jobs(), ["first"]);
}

#[test]
fn what_somebody_sends_who_cannot_lock_files_is_left_to_them_until_their_time_is_over() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    wrapper.keep_all(["now", "over"]);
    let claim = |file: &Path, until: Duration| {
        let claimed = format!("{}.{}", file.display(), until.as_millis());
        fs::rename(file, &claimed).expect("it waits");
        PathBuf::from(claimed)
    };
    let files = wrapper.waiting();
    let sent_now = claim(&files[0], now() + Duration::from_secs(3600));
    claim(&files[1], now());
    wrapper.flush(0);
    assert_eq!(jobs(&server), ["over"]);
    assert!(sent_now.exists() && wrapper.list([]).printed.contains("being sent"));
}

/// When a deliverer is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// When a request has been heard, and before it is answered.
    Heard,
    /// This long after it was answered.
    Answered(Duration),
}

/// Kills a deliverer at a moment of the request with this number, counted from 0, and checks that a flush delivers what
/// is left.
fn kill_and_flush(number: usize, moment: Moment, is_flush: bool) {
    const WAITING: usize = 6;
    let what = format!("request {number}, {moment:?}, flush: {is_flush}");
    let (reached, wait) = mpsc::channel::<()>();
    let server = Peer::start(move |mut stream, heard| {
        let request = heard.listen(&stream)?;
        let is_the_one = request.contains(&format!("\"waiting {number}\""));
        if is_the_one && reached.send(()).is_ok() && matches!(moment, Moment::Heard) {
            wait_for_end(&stream)?;
        }
        stream.write_all(answer("202 Accepted", "", "").as_bytes())
    });
    let wrapper = Wrapper::to(server.url());
    (0..WAITING).for_each(|number| wrapper.keep(&format!("waiting {number}")));
    let deliverer = if is_flush { wrapper.start_flush() } else { wrapper.errors_only().start("true") };
    wait.recv_timeout(PATIENCE).expect("the request is heard");
    if let Moment::Answered(pause) = moment {
        // This is the moment, not a wait for something.
        thread::sleep(pause);
    }
    drop(wait);
    deliverer.kill();
    wrapper.flush(0);

    let counted = counted(jobs_heard(&server));
    assert_eq!(counted.len(), WAITING, "{what}: {counted:?}");
    let repeated: Vec<_> = counted.iter().filter(|(_, count)| **count > 1).collect();
    match moment {
        Moment::Heard => assert_eq!(repeated, [(&format!("waiting {number}"), &2)], "{what}"),
        Moment::Answered(_) => assert!(matches!(repeated[..], [] | [(_, 2)]), "{what}: {counted:?}"),
    }
    assert!(wrapper.waiting().is_empty(), "{what}");
}

#[test]
fn whoever_delivers_can_be_killed_before_the_answer() {
    for number in [0, 1, 3, 5] {
        for is_flush in [true, false] {
            kill_and_flush(number, Moment::Heard, is_flush);
        }
    }
}

#[test]
fn whoever_delivers_can_be_killed_after_the_answer() {
    let seed = fastrand::u64(..);
    eprintln!("the seed is {seed}");
    let mut random = Rng::with_seed(seed);
    for number in 0..6 {
        for is_flush in [true, false] {
            kill_and_flush(number, Moment::Answered(Duration::from_micros(random.u64(0..3000))), is_flush);
        }
    }
}
