//! The spool: requests that wait to be delivered, one file each, and those that were set aside.

use std::io;
use std::time::Instant;

use super::console::Console;
use super::state::{State, explain};
use super::{clock, lent};
use crate::destination::Recipient;
use crate::kept::Kept;
use crate::listing::{self, Listed, printable};
use crate::retry::Failure;
use crate::spool::{SET_ASIDE, Stored, WAITING, claim_of, claimed, excess, time_of};

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

    /// Claims it, to be sent until `deadline`: nobody else sends it then. None when somebody else is at it, or has sent it.
    pub fn claim(self, state: &State, deadline: Instant) -> Option<Claimed> {
        let path = format!("{WAITING}/{}", claimed(&self.name, lent::claimant(deadline)));
        state.directory.rename(&format!("{WAITING}/{}", self.name), &path).ok()?;
        Some(Claimed { waiting: self, path })
    }
}

/// A request that waits, and is ours to send.
pub struct Claimed {
    waiting: Waiting,
    path: String,
}

impl Claimed {
    pub fn kept(&self) -> &Kept {
        &self.waiting.kept
    }

    /// Where it is when it waits, for people.
    pub fn shown(&self, state: &State) -> String {
        self.waiting.shown(state)
    }

    /// Forgets it, since it has been delivered.
    pub fn forget(&self, state: &State) -> Result<(), String> {
        state.directory.remove(&self.path).map_err(|error| explain(&error))
    }

    /// Has it wait as before.
    pub fn give_back(self, state: &State) {
        // Should that fail, whoever delivers next does it.
        let _ = state.directory.rename(&self.path, &format!("{WAITING}/{}", self.waiting.name));
    }

    /// Notes that its delivery has failed once more. It waits again.
    pub fn failed(self, state: &State, failure: &Failure) {
        let kept = self.kept().clone().failed(clock::now().as_secs(), failure);
        match write(state, WAITING, &self.waiting.name, &kept).and_then(|()| self.forget(state)) {
            Ok(()) => {}
            Err(_) => self.give_back(state),
        }
    }

    /// Sets it aside, since it will never be accepted, and says so.
    pub fn set_aside(self, state: &State, failure: &Failure, console: &mut Console) {
        let reason = failure.reason();
        let kept = self.kept().clone().failed(clock::now().as_secs(), failure);
        match write(state, SET_ASIDE, &self.waiting.name, &kept) {
            Ok(()) => {
                let _ = self.forget(state);
                console.message(&set_aside_message(kept.request.kind.name(), &kept.job, reason));
                enforce_limits(state, SET_ASIDE, console);
            }
            Err(error) => {
                console.message(&format!("{}: {reason}; and not set aside: {error}", self.shown(state)));
                self.give_back(state);
            }
        }
    }
}

/// Has wait again what deliverers that are gone were sending. For whoever has the delivery lock.
pub fn reclaim(state: &State) {
    let now = clock::milliseconds(clock::now());
    for claimed in state.names(WAITING) {
        if let Some((name, claimant)) = claim_of(&claimed)
            && claimant.is_gone(lent::HOLDS_LOCK, now)
        {
            // Where that fails, it is for the next one.
            let _ = state.directory.rename(&format!("{WAITING}/{claimed}"), &format!("{WAITING}/{name}"));
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
        let bytes = state.directory.length(&format!("{directory}/{name}")).ok()?;
        Some(Stored { name, bytes })
    };
    let stored: Vec<_> = names(state, directory).into_iter().filter_map(size).collect();
    for (file, reason) in excess(&stored, clock::milliseconds(clock::now())) {
        let path = format!("{directory}/{}", file.name);
        match state.directory.remove(&path) {
            Ok(()) => console.message(&format!("lost for good, {reason}: {}", state.shown(&path))),
            // Another run was faster.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => console.message(&format!("{reason}, and cannot be removed: {}", explain(&error))),
        }
    }
}

/// Whether nothing waits, for whomever, and nothing is being sent.
pub fn is_empty(state: &State) -> bool {
    !state.names(WAITING).iter().any(|name| time_of(name).is_some() || claim_of(name).is_some())
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
    serde_json::from_slice(&state.directory.read(&format!("{directory}/{name}")).ok()?).ok()
}

/// Everything that waits, is being sent, or was set aside.
pub fn list(state: &State) -> Vec<Listed> {
    let listed = |directory, listed_state, name: String| {
        let kept = read(state, directory, &name)?;
        Some(Listed { state: listed_state, file: state.shown(&format!("{directory}/{name}")), kept })
    };
    let sent = state.names(WAITING).into_iter().filter(|name| claim_of(name).is_some());
    let waiting = names(state, WAITING).into_iter().filter_map(|name| listed(WAITING, listing::State::Waiting, name));
    let sending = sent.filter_map(|name| listed(WAITING, listing::State::Sending, name));
    let aside =
        names(state, SET_ASIDE).into_iter().filter_map(|name| listed(SET_ASIDE, listing::State::SetAside, name));
    waiting.chain(sending).chain(aside).collect()
}
