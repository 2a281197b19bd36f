//! Wrappers killed at random moments: every run whose command was started is accounted for, and so is what waited.
//!
//! `DOGWRAP_KILLS` says how many, and `DOGWRAP_SEED` repeats the moments of another time.

use std::fs::{self, File};
use std::thread;
use std::time::{Duration, SystemTime};

use fastrand::Rng;
use serde_json::Value;

use super::sent::{events_after, job_of};
use super::wrapper::Wrapper;
use crate::server::{Answer, Server};
use crate::watched::eventually;

const KILLS: u64 = 100;

/// The latest moment, compared with how long a run takes that nobody kills.
const LATEST: f64 = 1.5;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is {text:?}, not a number")))
}

/// How long a run takes: the middle one of several.
fn usual_duration(job: &Wrapper) -> Duration {
    let mut durations = [(); 9].map(|()| job.named("measured").run("exit 3").duration);
    durations.sort();
    durations[durations.len() / 2]
}

/// What became of the runs that were killed.
#[derive(Debug, Default)]
struct Fates {
    never_started: usize,
    vanished: usize,
    reported: usize,
    /// Something was accepted, and the wrapper killed before it could write that down.
    repeated: usize,
}

impl Fates {
    /// Looks at everything that was sent of a run, and of what waited. The error is what is wrong with it.
    fn note(&mut self, was_started: bool, waited: usize, of_run: &[&Value], of_waiting: usize) -> Result<(), &str> {
        let is_vanished = |event: &&&Value| event["title"].as_str().is_some_and(|title| title.contains("vanished"));
        let vanished = of_run.iter().filter(is_vanished).count();
        let fate = match (was_started, vanished, of_run.len() - vanished) {
            // It was killed before there was a record, or before it could start the command.
            (false, 0 | 1, 0) => &mut self.never_started,
            (true, 1, 0) => &mut self.vanished,
            (true, 0, 1 | 2) => &mut self.reported,
            (_, 0, 0) => return Err("it is not accounted for"),
            _ => return Err("it is not reported as what it was"),
        };
        *fate += 1;
        if of_waiting < waited {
            return Err("what waited is lost");
        }
        let repeated = (of_run.len() - vanished).saturating_sub(1) + of_waiting - waited;
        self.repeated += repeated;
        if repeated > 1 { Err("more is repeated than was in flight") } else { Ok(()) }
    }
}

/// Kills runs of a job with these options, and checks after each that a flush delivers what is left.
fn kill_at_random_moments<const N: usize>(options: [&str; N]) -> Fates {
    let kills = number("DOGWRAP_KILLS").unwrap_or(KILLS);
    let seed = number("DOGWRAP_SEED").unwrap_or_else(|| fastrand::u64(..));
    let mut random = Rng::with_seed(seed);
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    let latest = usual_duration(&wrapper.options(options)).mul_f64(LATEST);
    eprintln!("{kills} runs are killed within {latest:?}; DOGWRAP_SEED={seed} repeats the moments");
    wrapper.flush(0);

    let mut seen = server.requests().len();
    let mut fates = Fates::default();
    for number in 0..kills {
        let waited = (number % 2) as usize;
        (0..waited).for_each(|_| wrapper.keep("waiting"));
        let name = format!("run {number}");
        let moment = latest.mul_f64(random.f64());
        // With a name of its own: a command that the kernel starts after the kill does not pass for the next one.
        let started = format!("started {number}");
        let run = wrapper.named(&name).options(options).start(&format!("echo >'{started}'; exit 3"));
        // This is the moment, not a wait for something.
        thread::sleep(moment);
        run.kill();
        wrapper.wait_until_nothing_is_left();
        let was_started = fs::remove_file(wrapper.home().join(started)).is_ok();
        // The command holds what the wrapper held until the kernel has started it.
        eventually("that no record is left", || {
            wrapper.flush(0);
            wrapper.records().is_empty().then_some(())
        });

        let events = events_after(&server, seen);
        seen += events.len();
        let (of_waiting, of_run): (Vec<_>, Vec<_>) = events.iter().partition(|event| job_of(event) == "waiting");
        let noted = fates.note(was_started, waited, &of_run, of_waiting.len());
        let is_right = noted.is_ok() && of_run.iter().all(|event| job_of(event) == name);
        let what = || format!("run {number} of seed {seed}, killed after {moment:?}");
        assert!(is_right, "{}: {noted:?}; was started: {was_started}; {events:?}", what());
        assert!(wrapper.waiting().is_empty(), "{}", what());
    }
    assert_that_nothing_stays_for_long(&wrapper);
    eprintln!("{fates:?}");
    fates
}

/// Files that a killed wrapper had begun stay as long as somebody might still be writing them, and no longer.
fn assert_that_nothing_stays_for_long(wrapper: &Wrapper) {
    let directories = ["running", "spool"].map(|name| wrapper.state().join(name));
    let left = || directories.iter().flat_map(|directory| fs::read_dir(directory).into_iter().flatten().flatten());
    let long_ago = SystemTime::now() - Duration::from_secs(2 * 60 * 60);
    for file in left() {
        assert!(file.file_name().as_encoded_bytes().ends_with(b".unfinished"), "{file:?}");
        File::open(file.path()).and_then(|file| file.set_modified(long_ago)).expect("the file is ours");
    }
    wrapper.flush(0);
    let left: Vec<_> = left().map(|file| file.file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn every_run_is_accounted_for() {
    kill_at_random_moments([]);
}

#[test]
fn every_run_that_keeps_its_event_is_accounted_for_once() {
    let fates = kill_at_random_moments(["--delivery_timeout", "0"]);
    assert_eq!(fates.repeated, 0);
}
