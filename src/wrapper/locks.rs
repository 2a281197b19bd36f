//! Locks on files of the state directory, which the host lends.

use std::io::ErrorKind;
use std::time::Duration;

use super::bindings::dogwrap::wrapper::state::{self, LockError};
use crate::adapters::console::{Console, nanoseconds};
use crate::adapters::state::{State, explain};
use crate::spool::LOCK;

pub use super::bindings::dogwrap::wrapper::state::Lock;

/// How long a flush waits for another that is at it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Locks the file `name`, which has to be there, unless somebody else has it locked.
pub fn lock(name: &str) -> Result<Lock, LockError> {
    state::acquire(name, 0)
}

/// What only one may have who delivers what waits. None while somebody else does.
pub fn delivery_lock(state: &State) -> Option<Lock> {
    acquire(state, Duration::ZERO).ok()
}

/// Waits until nobody else delivers. The error says why one cannot, in words for people.
pub fn await_delivery_lock(state: &State, console: &mut Console) -> Result<Lock, String> {
    let acquired = match acquire(state, Duration::ZERO) {
        Err(LockError::Held) => {
            console.message("waiting for another run that delivers");
            console.settle(None);
            acquire(state, PATIENCE)
        }
        acquired => acquired,
    };
    acquired.map_err(|error| match error {
        LockError::Held => "another run is delivering it".to_owned(),
        LockError::NotFound => "it cannot be locked".to_owned(),
        LockError::Other(reason) => reason,
    })
}

/// Locks the file that stands for the delivery, which is made if it is not there.
fn acquire(state: &State, patience: Duration) -> Result<Lock, LockError> {
    match state::acquire(LOCK, nanoseconds(patience)) {
        Err(LockError::NotFound) => {
            match state.directory.create(LOCK) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    return Err(LockError::Other(explain(&error)));
                }
                _ => {}
            }
            state::acquire(LOCK, nanoseconds(patience))
        }
        result => result,
    }
}
