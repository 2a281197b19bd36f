//! How much waits, or is set aside, at most: the oldest gives way, and that is said.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::files::{content, now, write};
use super::sent::jobs;
use super::wrapper::Wrapper;
use crate::delivery::peer::{DESERTED, Peer, answer};
use crate::server::{Answer, Server};
use crate::support::Ending;

const MAXIMUM_NUMBER: usize = 1000;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MEBIBYTE: usize = 1024 * 1024;

/// What a kept event looks like.
fn template(wrapper: &Wrapper) -> Value {
    wrapper.keep("template");
    let [path] = wrapper.waiting().try_into().expect("one event waits");
    let kept = content(&path);
    fs::remove_file(path).expect("it is there");
    kept
}

/// Writes `number` files like `kept` into a directory of the state, the oldest of this age and each a second younger.
fn fill(wrapper: &Wrapper, directory: &str, kept: &Value, number: usize, age: Duration) -> Vec<PathBuf> {
    let directory = wrapper.state().join(directory);
    DirBuilder::new().recursive(true).mode(0o700).create(&directory).expect("a directory can be made");
    let path = |index: usize| {
        let time = now() - age + Duration::from_secs(index as u64);
        let mut kept = kept.clone();
        kept["happened_at"] = time.as_secs().into();
        let path = directory.join(format!("{:013}-{index:016x}-0.json", time.as_millis()));
        write(&path, &kept);
        path
    };
    (0..number).map(path).collect()
}

/// The lines about what was lost; everything else that was said is left out.
fn lost(said: &str) -> Vec<&str> {
    said.lines().filter(|line| line.contains("lost for good")).collect()
}

fn line(reason: &str, path: &Path) -> String {
    format!("dogwrap: lost for good, {reason}: {}", path.display())
}

#[test]
fn of_more_than_a_thousand_the_oldest_is_lost() {
    let wrapper = Wrapper::to(format!("http://{DESERTED}")).options(["--delivery_timeout", "0"]);
    let files = fill(&wrapper, "spool", &template(&wrapper), MAXIMUM_NUMBER - 1, DAY);
    let told = wrapper.run("exit 3");
    assert_eq!((told.ending, lost(&told.said)), (Ending::Exited(3), vec![]), "{told:?}");
    assert_eq!(wrapper.waiting().len(), MAXIMUM_NUMBER);
    for oldest in &files[..2] {
        let told = wrapper.run("exit 3");
        assert_eq!(told.ending, Ending::Exited(3), "{told:?}");
        assert_eq!(lost(&told.said), [line("more than 1000 wait", oldest)]);
        assert_eq!(told.said.lines().count(), 2, "{told:?}");
        assert_eq!(wrapper.waiting().len(), MAXIMUM_NUMBER);
        assert!(!oldest.exists());
    }
    assert!(files[2].exists());
}

#[test]
fn of_more_bytes_than_are_held_the_oldest_are_lost() {
    let wrapper = Wrapper::to(format!("http://{DESERTED}")).options(["--delivery_timeout", "0"]);
    let mut kept = template(&wrapper);
    let overhead = kept.to_string().len();
    kept["reason"] = "x".repeat(MEBIBYTE - overhead - 1024).into();
    let files = fill(&wrapper, "spool", &kept, 16, DAY);
    let told = wrapper.run("exit 3");
    assert!(lost(&told.said).is_empty(), "{told:?}");
    // The last one takes the space of one and a half.
    kept["reason"] = "x".repeat(MEBIBYTE + MEBIBYTE / 2).into();
    fill(&wrapper, "spool", &kept, 1, DAY / 2);
    let told = wrapper.run("exit 3");
    assert_eq!(lost(&told.said), [0, 1].map(|index| line("more than 16 MiB wait", &files[index])), "{told:?}");
    assert!(files[2].exists());
}

#[test]
fn what_has_waited_for_thirty_days_is_lost_when_something_new_is_kept() {
    let wrapper = Wrapper::to(format!("http://{DESERTED}")).options(["--delivery_timeout", "0"]);
    let kept = template(&wrapper);
    let [old] = fill(&wrapper, "spool", &kept, 1, 30 * DAY + DAY / 24).try_into().expect("one file");
    let [young] = fill(&wrapper, "spool", &kept, 1, 30 * DAY - DAY / 24).try_into().expect("one file");
    wrapper.run_quietly();
    assert!(old.exists() && young.exists());
    let told = wrapper.run("exit 3");
    assert_eq!(lost(&told.said), [line("it has waited for 30 days", &old)], "{told:?}");
    assert!(!old.exists() && young.exists());
}

#[test]
fn a_thousand_are_delivered_by_a_flush() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    fill(&wrapper, "spool", &template(&wrapper), MAXIMUM_NUMBER, DAY);
    assert_eq!(wrapper.flush(0), format!("dogwrap: {MAXIMUM_NUMBER} delivered to {}, 0 left\n", server.url()));
    assert_eq!(jobs(&server).len(), MAXIMUM_NUMBER);
}

#[test]
fn what_is_set_aside_is_limited_as_well() {
    let server = Peer::answering(|_| answer("400 No", "", ""));
    let wrapper = Wrapper::to(server.url());
    let kept = template(&wrapper);
    let files = fill(&wrapper, "set_aside", &kept, MAXIMUM_NUMBER, DAY);
    let told = wrapper.run("exit 3");
    assert_eq!(told.ending, Ending::Exited(3), "{told:?}");
    assert_eq!(lost(&told.said).len(), 1, "{told:?}");
    assert!(lost(&told.said)[0].ends_with(&files[0].display().to_string()), "{told:?}");
    assert_eq!((wrapper.set_aside().len(), wrapper.waiting().len()), (MAXIMUM_NUMBER, 0));

    // What has waited goes the same way.
    fill(&wrapper, "spool", &kept, 1, DAY / 2);
    let told = wrapper.errors_only().run("true");
    assert_eq!(lost(&told.said).len(), 1, "{told:?}");
    assert!(!files[1].exists() && files[2].exists());
    assert_eq!((wrapper.set_aside().len(), wrapper.waiting().len()), (MAXIMUM_NUMBER, 0));
}
