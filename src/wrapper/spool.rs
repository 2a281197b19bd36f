//! The spool: requests that wait to be delivered, one file each, and those that were set aside.

use std::fs;
use std::io;

use super::clock;
use super::console::Console;
use super::state::{State, explain};
use crate::destination::Recipient;
use crate::kept::Kept;
use crate::listing::{self, Listed, printable};
use crate::retry::Failure;
use crate::spool::{SET_ASIDE, Stored, WAITING, excess, time_of};

/// A request that waits, and the name of its file.
pub struct Waiting {
    name: String,
    pub kept: Kept,
}

impl Waiting {
    /// Where it is, for people.
    pub fn shown(&self, state: &State) -> String {
        state.shown(&format!("{WAITING}/{}", self.name))
    }

    /// Forgets it, since it has been delivered.
    pub fn forget(&self, state: &State) -> Result<(), String> {
        fs::remove_file(state.at(&format!("{WAITING}/{}", self.name))).map_err(|error| explain(&error))
    }

    /// Notes that its delivery has failed once more.
    pub fn failed_again(&mut self, state: &State, failure: &Failure) {
        self.kept.failed_again(clock::now().as_secs(), failure);
        // Should that not be written, it waits as before.
        let _ = write(state, WAITING, &self.name, &self.kept);
    }

    /// Sets it aside, since it will never be accepted, and says so.
    pub fn set_aside(mut self, state: &State, failure: &Failure, console: &mut Console) {
        let reason = failure.reason();
        self.kept.failed_again(clock::now().as_secs(), failure);
        match write(state, SET_ASIDE, &self.name, &self.kept) {
            Ok(()) => {
                let _ = self.forget(state);
                let Kept { request, job, .. } = &self.kept;
                console.message(&set_aside_message(request.kind.name(), job, reason));
                enforce_limits(state, SET_ASIDE, console);
            }
            Err(error) => console.message(&format!("{}: {reason}; and not set aside: {error}", self.shown(state))),
        }
    }
}

fn set_aside_message(kind: &str, job: &str, reason: &str) -> String {
    format!("{kind} of '{}' set aside, it will never be accepted: {reason}; see --spool", printable(job))
}

/// Keeps a request until it can be delivered. The file is called `name`.
pub fn keep(state: &State, name: &str, kept: &Kept, console: &mut Console) -> Result<(), String> {
    write(state, WAITING, name, kept)?;
    enforce_limits(state, WAITING, console);
    Ok(())
}

/// Keeps a request that will never be accepted.
pub fn keep_aside(state: &State, name: &str, kept: &Kept, console: &mut Console) -> Result<(), String> {
    write(state, SET_ASIDE, name, kept)?;
    enforce_limits(state, SET_ASIDE, console);
    Ok(())
}

fn write(state: &State, directory: &str, name: &str, kept: &Kept) -> Result<(), String> {
    state.write(directory, name, &kept.to_file()).map_err(|error| explain(&error))
}

/// Removes what is more than the spool holds, the oldest first, and says so.
fn enforce_limits(state: &State, directory: &str, console: &mut Console) {
    let size = |name: String| {
        let bytes = fs::metadata(state.at(&format!("{directory}/{name}"))).ok()?.len();
        Some(Stored { name, bytes })
    };
    let stored: Vec<_> = names(state, directory).into_iter().filter_map(size).collect();
    for (file, reason) in excess(&stored, clock::milliseconds(clock::now())) {
        let path = format!("{directory}/{}", file.name);
        match fs::remove_file(state.at(&path)) {
            Ok(()) => console.message(&format!("lost for good, {reason}: {}", state.shown(&path))),
            // Another run was faster.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => console.message(&format!("{reason}, and cannot be removed: {}", explain(&error))),
        }
    }
}

/// Whether a request whose file's name ends with `end` waits.
pub fn holds(state: &State, end: &str) -> bool {
    names(state, WAITING).iter().any(|name| name.ends_with(end))
}

/// Whether nothing waits, for whomever.
pub fn is_empty(state: &State) -> bool {
    names(state, WAITING).is_empty()
}

/// The names of files that are ours, oldest first.
fn names(state: &State, directory: &str) -> Vec<String> {
    let mut names = state.names(directory);
    names.retain(|name| time_of(name).is_some());
    names
}

/// What waits for a recipient of which `wanted` holds, oldest first. Files that cannot be read are left alone. Each is
/// read when it is its turn.
pub fn waiting<'a>(state: &'a State, wanted: impl Fn(&Recipient) -> bool + 'a) -> impl Iterator<Item = Waiting> + 'a {
    state.remove_abandoned(WAITING);
    names(state, WAITING).into_iter().filter_map(move |name| {
        let kept = read(state, WAITING, &name)?;
        wanted(&kept.recipient).then_some(Waiting { name, kept })
    })
}

fn read(state: &State, directory: &str, name: &str) -> Option<Kept> {
    serde_json::from_slice(&state.read(&format!("{directory}/{name}")).ok()?).ok()
}

/// Everything that waits and that was set aside.
pub fn list(state: &State) -> Vec<Listed> {
    let list = |directory, listed_state| {
        let listed = move |name: String| {
            let kept = read(state, directory, &name)?;
            Some(Listed { state: listed_state, file: state.shown(&format!("{directory}/{name}")), kept })
        };
        names(state, directory).into_iter().filter_map(listed)
    };
    list(WAITING, listing::State::Waiting).chain(list(SET_ASIDE, listing::State::SetAside)).collect()
}
