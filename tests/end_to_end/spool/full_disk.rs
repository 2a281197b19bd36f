//! A disk that is full: the job does not notice, and what could be recorded is delivered when there is space again.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::file_system::FileSystem;
use super::sent::{events_heard, jobs, jobs_heard};
use super::vanished::vanish;
use super::wrapper::Wrapper;
use crate::delivery::peer::{DESERTED, Peer, answer};
use crate::server::{Answer, Server};
use crate::support::Ending;

/// A small disk.
struct Disk {
    mounted: FileSystem,
    _directory: tempfile::TempDir,
}

impl Disk {
    fn mount(test: &str) -> Option<Self> {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let script = "mount -t tmpfs -o mode=700,size=256k none \"$1\"";
        let mounted = FileSystem::mount(test, directory.path(), script)?;
        Some(Self { mounted, _directory: directory })
    }

    fn path(&self) -> &Path {
        self.mounted.path()
    }

    /// The file that fills the disk.
    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    fn fill(&self) {
        let mut filler = File::create(self.filler()).expect("a file can be made");
        while filler.write(&[0; 512]).is_ok_and(|written| written > 0) {}
    }

    fn make_space(&self) {
        fs::remove_file(self.filler()).expect("it is there");
    }
}

/// A server that hangs up on everybody until it is told that it is healthy.
fn sick() -> (Peer, Arc<AtomicBool>) {
    let is_healthy = Arc::new(AtomicBool::new(false));
    let healthy = Arc::clone(&is_healthy);
    let server = Peer::start(move |mut stream, heard| {
        if !healthy.load(Ordering::Relaxed) {
            return Ok(());
        }
        heard.listen(&stream)?;
        stream.write_all(answer("202 Accepted", "", "").as_bytes())
    });
    (server, is_healthy)
}

#[test]
fn the_job_does_not_notice() {
    let Some(disk) = Disk::mount("the_job_does_not_notice") else { return };
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url()).state_below(disk.path());
    disk.fill();
    wrapper.run_quietly();
    let told = wrapper.run("exit 3");
    assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(3), ""), "{told:?}");
    assert_eq!(jobs(&server), ["job"]);

    let nowhere = wrapper.at(format!("http://{DESERTED}")).options(["--delivery_timeout", "1"]);
    nowhere.run_quietly();
    for _ in 0..2 {
        let told = nowhere.run("exit 3");
        let beginning =
            format!("dogwrap: event not delivered to http://{DESERTED}: connection refused; and not kept: ");
        assert_eq!(told.ending, Ending::Exited(3), "{told:?}");
        assert!(told.said.starts_with(&beginning) && told.said.lines().count() == 1, "{told:?}");
        assert!(told.said.to_lowercase().contains("space"), "{told:?}");
    }
    nowhere.run_quietly();
    assert!(wrapper.waiting().is_empty() && wrapper.records().is_empty());
    disk.make_space();
    wrapper.run_quietly();
    assert_eq!(wrapper.flush(0), format!("dogwrap: 0 delivered to {}, 0 left\n", server.url()));
}

/// A command fills the disk and fails, with `output`, while the API is not there. When there is space again and the API is
/// back, the next run delivers its event, which is returned.
fn delivered_after_all(test: &str, output: &str) -> Option<serde_json::Value> {
    let disk = Disk::mount(test)?;
    let (server, is_healthy) = sick();
    let wrapper = Wrapper::to(server.url()).state_below(disk.path());
    let fill = format!("cat /dev/zero >{} 2>/dev/null; {output}exit 3", disk.filler().display());
    let told = wrapper.named("filler").options(["--delivery_timeout", "1"]).run(&fill);
    assert_eq!(told.ending, Ending::Exited(3), "{told:?}");
    assert!(told.said.contains("; and not kept: ") && told.said.lines().count() == 1, "{told:?}");
    assert_eq!((wrapper.records().len(), wrapper.waiting().len()), (1, 0));

    disk.make_space();
    is_healthy.store(true, Ordering::Relaxed);
    wrapper.run_quietly();
    wrapper.run_quietly();
    assert_eq!(jobs_heard(&server), ["filler"]);
    assert!(wrapper.records().is_empty() && wrapper.waiting().is_empty());
    events_heard(&server).pop()
}

fn title_of(event: &serde_json::Value) -> &str {
    event["title"].as_str().expect("an event has a title")
}

#[test]
fn what_was_recorded_is_delivered_when_there_is_space_again() {
    if let Some(event) = delivered_after_all("what_was_recorded_is_delivered_when_there_is_space_again", "") {
        assert!(title_of(&event).contains("filler failed in"), "{event}");
    }
}

#[test]
fn what_could_be_recorded_in_part_only_is_delivered_in_some_way() {
    let test = "what_could_be_recorded_in_part_only_is_delivered_in_some_way";
    if let Some(event) = delivered_after_all(test, "head -c 9000 /dev/zero | tr '\\0' x >&2; ") {
        assert_eq!(event["alert_type"], "error", "{event}");
    }
}

#[test]
fn while_the_disk_is_full_nothing_is_lost_of_what_vanished_or_waits() {
    let test = "while_the_disk_is_full_nothing_is_lost_of_what_vanished_or_waits";
    let Some(disk) = Disk::mount(test) else { return };
    let (server, is_healthy) = sick();
    let wrapper = Wrapper::to(server.url()).state_below(disk.path());
    wrapper.keep("kept");
    vanish(&wrapper.named("vanished"));
    disk.fill();
    for _ in 0..3 {
        assert_eq!(wrapper.errors_only().run("true").ending, Ending::Exited(0));
    }
    assert_eq!(wrapper.waiting_jobs(), ["kept"]);
    assert_eq!(wrapper.records().len(), 1);

    is_healthy.store(true, Ordering::Relaxed);
    wrapper.flush(0);
    assert_eq!(jobs_heard(&server), ["kept"]);
    disk.make_space();
    wrapper.run_quietly();
    assert_eq!(jobs_heard(&server), ["kept", "vanished"]);
    assert!(wrapper.records().is_empty() && wrapper.waiting().is_empty());
}
