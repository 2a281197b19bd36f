//! Records of runs that go on: each is a locked file, and one that nobody holds the lock of is of a run that vanished.

use std::cell::LazyCell;
use std::io::Write;
use std::time::Instant;

use super::locks::{Lock, lock};
use super::machine;
use crate::adapters::clock;
use crate::adapters::console::Console;
use crate::adapters::file::NewFile;
use crate::adapters::identity::Identity;
use crate::adapters::spool;
use crate::adapters::state::State;
use crate::kept::Kept;
use crate::listing::printable;
use crate::requests::Request;
use crate::settings::Settings;
use crate::spool::{RUNNING, TIME_LENGTH, WAITING, claim_of, file_name, identity_of, time_of};
use crate::start::{End, Line, Record, Start};
use crate::timestamp::rfc3339;

/// The record of this run.
pub struct RunRecord {
    file: NewFile,
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
            let lock = lock(&unfinished).ok()?;
            let mut record = Self { file, path: format!("{RUNNING}/{name}"), _lock: lock };
            record.add(&Line::Started(start))?;
            state.finish(&unfinished, RUNNING, &name).ok()?;
            Some(record)
        };
        let begun = begin();
        if begun.is_none() {
            let _ = state.directory.remove(&unfinished);
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
        let _ = state.directory.remove(&self.path);
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
        let Ok(_lock) = lock(&path) else { continue };
        // The run may have removed it just before it released the lock.
        let Ok(text) = state.directory.read(&path) else { continue };
        let recovered = match Record::read(&text) {
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
            let _ = state.directory.remove(&path);
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
    let identity = identity_of(name).map_or_else(Identity::new, Identity);
    for (index, request) in end.requests {
        if is_kept(state, identity, index) {
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

/// Whether the request at `index` of that run waits, or is being sent, whenever it happened.
fn is_kept(state: &State, identity: Identity, index: usize) -> bool {
    let end = file_name(0, identity.0, index).split_off(TIME_LENGTH);
    let without_claim = |name: &String| claim_of(name).map_or(name.as_str(), |(name, _)| name).ends_with(&end);
    state.names(WAITING).iter().any(without_claim)
}
