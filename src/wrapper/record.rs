//! Records of runs that go on: each is a locked file, and one that nobody holds the lock of is of a run that vanished.

use std::cell::LazyCell;
use std::fs::{self, File};
use std::io::Write;
use std::time::{Duration, Instant};

use super::bindings::dogwrap::wrapper::state::Lock;
use super::clock;
use super::console::Console;
use super::machine;
use super::spool;
use super::state::State;
use crate::kept::Kept;
use crate::listing::printable;
use crate::requests::Request;
use crate::settings::Settings;
use crate::spool::{self as spool_name, RUNNING, TIME_LENGTH, file_name, time_of};
use crate::start::{End, Line, Record, Start};
use crate::timestamp::rfc3339;

/// What identifies a run in the names of its files.
#[derive(Clone, Copy)]
pub struct Identity(u64);

impl Identity {
    pub fn new() -> Self {
        Self(clock::random())
    }

    /// What the name of the file for the request at `index` ends with, whenever it happened.
    fn end_of_name(self, index: usize) -> String {
        file_name(0, self.0, index).split_off(TIME_LENGTH)
    }

    /// The name of the file for the request at `index` about what happened at `happened_at`, in seconds since 1970. It is
    /// the same whoever keeps it: what is kept twice is kept once.
    pub fn file_name(self, happened_at: f64, index: usize) -> String {
        file_name((happened_at * 1000.0) as u64, self.0, index)
    }
}

/// The record of this run.
pub struct RunRecord {
    file: File,
    path: String,
    /// Released when the record has been removed, or this program is gone.
    _lock: Lock,
}

impl RunRecord {
    /// Begins a record. None when that cannot be done: the run goes on without, and should it vanish, nobody knows.
    pub fn begin(state: &State, identity: Identity, settings: &Settings) -> Option<Self> {
        let now = clock::now();
        let name = file_name(clock::milliseconds(now), identity.0, 0);
        let (file, unfinished) = state.begin(RUNNING, &name).ok()?;
        let start = Start::new(settings, now.as_secs(), clock::salt());
        // Under its name it is locked already: nobody finds it without, and takes the run for one that vanished.
        let begin = || {
            let lock = State::lock(&unfinished, Duration::ZERO).ok()?;
            let mut record = Self { file, path: format!("{RUNNING}/{name}"), _lock: lock };
            record.add(&Line::Started(start))?;
            state.finish(&unfinished, RUNNING, &name).ok()?;
            Some(record)
        };
        let begun = begin();
        if begun.is_none() {
            let _ = fs::remove_file(state.at(&unfinished));
        }
        begun
    }

    /// Notes that the run has ended, and what is to be reported.
    pub fn ended(&mut self, happened_at: f64, requests: &[Request]) {
        self.add(&Line::Ended { happened_at, requests: requests.to_vec() });
    }

    /// Notes that the request at `index` has been delivered, or kept.
    pub fn done(&mut self, index: usize) {
        self.add(&Line::Done(index));
    }

    /// Removes the record: the run is over, and reported.
    pub fn remove(self, state: &State) {
        let _ = fs::remove_file(state.at(&self.path));
    }

    /// Adds a line, in one piece. One that cannot be written is missed only if this program vanishes.
    fn add(&mut self, line: &Line) -> Option<()> {
        let mut text = serde_json::to_vec(line).ok()?;
        text.push(b'\n');
        self.file.write_all(&text).ok()
    }
}

/// Whether there are records of other runs than the one called `own`.
pub fn others_exist(state: &State) -> bool {
    state.names(RUNNING).iter().any(|name| time_of(name).is_some())
}

/// Keeps what runs that vanished had to report, and that they did.
///
/// With a deadline nobody has asked for it: what is left then is for a later run, and what cannot be kept is not said each
/// time.
pub fn recover(state: &State, deadline: Option<Instant>, console: &mut Console) {
    state.remove_abandoned(RUNNING);
    let host: LazyCell<Option<String>> = LazyCell::new(machine::host_name);
    for name in state.names(RUNNING) {
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            break;
        }
        let Some(started_at) = time_of(&name) else { continue };
        let path = format!("{RUNNING}/{name}");
        let Ok(_lock) = State::lock(&path, Duration::ZERO) else { continue };
        // The run may have removed it just before it released the lock.
        let Ok(text) = state.read(&path) else { continue };
        let recovered = match Record::read(&String::from_utf8_lossy(&text)) {
            Some(record) => match keep_what_is_left(state, &name, &record, &host, console) {
                Ok(()) => true,
                Err(error) => {
                    if deadline.is_none() {
                        let job = printable(&record.start.job);
                        console.message(&format!("what '{job}' had to report is not kept yet: {error}"));
                    }
                    false
                }
            },
            None => {
                console.message(&format!(
                    "a run that started at {} vanished, and its record is damaged: it cannot be reported",
                    rfc3339(started_at / 1000)
                ));
                true
            }
        };
        if recovered {
            let _ = fs::remove_file(state.at(&path));
        }
    }
}

/// Keeps what `record` says is left to deliver.
fn keep_what_is_left(
    state: &State,
    name: &str,
    record: &Record,
    host: &LazyCell<Option<String>>,
    console: &mut Console,
) -> Result<(), String> {
    let Record { start, end } = record;
    let (end, reason) = match end {
        Some(end) => (end.clone(), "the run was ended before it could deliver it"),
        None => (vanished(start, host.as_deref()), "the run vanished"),
    };
    let identity = identity_of(name);
    for (index, request) in end.requests {
        if spool::holds(state, &identity.end_of_name(index)) {
            // Whoever kept it did not live to remove the record.
            continue;
        }
        let now = clock::now().as_secs();
        let kept = Kept::new(start.recipient.clone(), &start.job, end.happened_at, request, now).untried(reason);
        spool::keep(state, &identity.file_name(end.happened_at, index), &kept, console)?;
    }
    Ok(())
}

/// What is to be delivered of a run of which only the start was seen.
fn vanished(start: &Start, host: Option<&str>) -> End {
    let request = Request::event(&start.vanished(host), None);
    // What made it vanish is not known to be older than this.
    End { happened_at: clock::now().as_secs_f64(), requests: request.into_iter().enumerate().collect() }
}

/// The identity in the name of a record.
fn identity_of(name: &str) -> Identity {
    spool_name::identity_of(name).map_or_else(Identity::new, Identity)
}
