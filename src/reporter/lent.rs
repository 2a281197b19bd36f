//! What this world has beyond WASI, for the adapters that it shares with others: nothing. There are no signals, no locks
//! and no records of runs, and the state directory is found among those that are lent.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use wasi::filesystem::preopens;
use wasi::filesystem::types::Descriptor;
use wasi::io::poll::Pollable;

use crate::adapters::clock;
use crate::adapters::console::Console;
use crate::adapters::file::Directory;
use crate::adapters::state::{State, explain};
use crate::listing::printable;
use crate::spool::Claimant;

/// Whether whoever has a delivery lock is the only one who does.
pub const HOLDS_LOCK: bool = false;

/// How much longer than it should take something counts as being sent: a machine may be slow, or asleep.
const TIME_TO_SPARE: Duration = Duration::from_secs(10);

/// What stands for a lock where there are none.
pub struct Lock;

/// Opens the directory that an option names, or else the one that `dogwrap` would take.
pub fn directory(named: Option<&str>) -> Result<State, String> {
    let root = named.map(PathBuf::from).or_else(usual_directory).ok_or_else(|| {
        "no state directory is lent: name one with --spool_dir DIR, and lend it with --dir DIR::DIR".to_owned()
    })?;
    let path = printable(&root.to_string_lossy());
    let made = fs::create_dir_all(&root).and_then(|()| Ok(lender(&root).ok_or(ErrorKind::NotFound)?));
    match made {
        Ok((lent, below)) => Ok(State { directory: Directory::new(lent, &below.to_string_lossy()), path }),
        Err(error) => Err(format!("the state directory '{path}' cannot be opened, is it lent? {}", explain(&error))),
    }
}

/// The directory that is lent and nearest above `path`, or `path` itself, and where `path` is below it.
fn lender(path: &Path) -> Option<(Descriptor, PathBuf)> {
    let below = |at: &str| if at == "." && path.is_relative() { Some(path) } else { path.strip_prefix(at).ok() };
    let lent = preopens::get_directories().into_iter();
    let within = lent.filter_map(|(directory, at)| Some((directory, below(&at)?.to_owned())));
    within.min_by_key(|(_, below)| below.as_os_str().len())
}

/// The first that is lent of those that `dogwrap` takes for one user or another.
fn usual_directory() -> Option<PathBuf> {
    let below = |name, rest| {
        let directory = PathBuf::from(std::env::var_os(name)?);
        directory.is_absolute().then(|| directory.join(rest))
    };
    let system = Some(PathBuf::from("/var/lib/dogwrap"));
    let usual = [below("XDG_STATE_HOME", "dogwrap"), system, below("HOME", ".local/state/dogwrap")];
    usual.into_iter().flatten().find(|path| Path::is_dir(path))
}

/// There is no better place than standard error to say something to people.
pub fn say(_message: &str) -> bool {
    false
}

/// Ready when a signal has been received.
pub fn subscribe() -> Option<Pollable> {
    None
}

/// Whether a signal has asked to end.
pub fn asked_to_end() -> bool {
    false
}

/// What only one may have who delivers what waits. None while somebody else does.
pub fn delivery_lock(_state: &State) -> Option<Lock> {
    Some(Lock)
}

/// Waits until nobody else delivers. The error says why one cannot, in words for people.
pub fn await_delivery_lock(_state: &State, _console: &mut Console) -> Result<Lock, String> {
    Ok(Lock)
}

/// Who sends something that waits, until `deadline` at most: somebody of whom others know no more than that.
pub fn claimant(deadline: Instant) -> Claimant {
    let time = deadline.saturating_duration_since(Instant::now()).saturating_add(TIME_TO_SPARE);
    Claimant::Until(clock::milliseconds(clock::now().saturating_add(time)))
}

/// Whether there are records of other runs.
pub fn others_exist(_state: &State) -> bool {
    false
}

/// Keeps what runs that vanished had to report. Who has no locks cannot tell them from those that go on.
pub fn recover(_state: &State, _deadline: Option<Instant>, _console: &mut Console) {}
