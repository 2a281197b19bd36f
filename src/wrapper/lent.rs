//! What this world has beyond WASI, for the adapters that it shares with others: signals, a directory with locks, and
//! records of runs.

use std::time::Instant;

use wasi::filesystem::preopens;
use wasi::io::poll::Pollable;

use super::bindings::dogwrap::wrapper::{messages, signals, state};
use crate::adapters::file::Directory;
use crate::adapters::state::State;
use crate::spool::Claimant;

pub use super::locks::{await_delivery_lock, delivery_lock};
pub use super::record::{others_exist, recover};

/// Whether whoever has a delivery lock is the only one who does.
pub const HOLDS_LOCK: bool = true;

/// The state directory. It is the host's to find, also where an option names it.
pub fn directory(_named: Option<&str>) -> Result<State, String> {
    let path = state::directory()?;
    let lent = preopens::get_directories().into_iter().next();
    let (lent, _) = lent.ok_or_else(|| "no state directory is lent to this program".to_owned())?;
    Ok(State { directory: Directory::new(lent, ""), path })
}

/// Says something to people in a better place than standard error, if the host has one. Returns whether it has.
pub fn say(message: &str) -> bool {
    messages::say(message)
}

/// Ready when a signal has been received.
pub fn subscribe() -> Option<Pollable> {
    Some(signals::subscribe())
}

/// Takes the signals that have been received, and returns whether one of them asks to end.
pub fn asked_to_end() -> bool {
    std::iter::from_fn(signals::receive).fold(false, |asked, signal| asked | signal.asks_to_end())
}

/// Who sends something that waits, until `deadline` at most: whoever has the lock.
pub fn claimant(_deadline: Instant) -> Claimant {
    Claimant::LockHolder
}
