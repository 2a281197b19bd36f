//! The capability of locks in the state directory: advisory, and gone with whoever holds them.

use std::fs::{File, TryLockError};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use wasmtime::component::{Resource, ResourceTable};

use crate::bindings::dogwrap::wrapper::state::{Host, HostLock, LockError};
use crate::policy::limits;
use crate::process::Received;
use crate::state::{StateDirectory, open_below};
use crate::words;

/// The WIT resource `lock`. Closing the file releases it.
pub struct Lock {
    _file: File,
}

/// A short borrow of the store: what a call of the component works on.
pub struct StateView<'a> {
    /// Or why there is none.
    pub directory: &'a mut Result<StateDirectory, String>,
    pub received: Arc<Received>,
    pub table: &'a mut ResourceTable,
}

impl Host for StateView<'_> {
    fn directory(&mut self) -> wasmtime::Result<Result<String, String>> {
        let path = |directory: &StateDirectory| directory.path().to_string_lossy().into_owned();
        Ok(self.directory.as_ref().map(path).map_err(String::clone))
    }

    async fn acquire(&mut self, path: String, patience: u64) -> wasmtime::Result<Result<Resource<Lock>, LockError>> {
        let Ok(directory) = &mut *self.directory else { return Ok(Err(LockError::NotFound)) };
        let patience = limits::lock_time(Duration::from_nanos(patience));
        let locked = match open_below(directory.directory(), &path) {
            Ok(file) => lock(file, patience, &self.received).await,
            Err(Errno::ENOENT) => Err(LockError::NotFound),
            Err(error) => Err(LockError::Other(words::of(&error.into()))),
        };
        Ok(match locked {
            Ok(file) => {
                directory.note_lock(&file);
                Ok(self.table.push(Lock { _file: file })?)
            }
            Err(error) => Err(error),
        })
    }
}

impl HostLock for StateView<'_> {
    fn drop(&mut self, lock: Resource<Lock>) -> wasmtime::Result<()> {
        self.table.delete(lock)?;
        Ok(())
    }
}

async fn lock(file: File, patience: Duration, received: &Received) -> Result<File, LockError> {
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) if patience.is_zero() => return Err(LockError::Held),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(failed(&error)),
    }
    // Waiting for a lock cannot be interrupted: a thread that waits too long is left to the end of the process, and what
    // it acquires after all is released at once.
    let waiting = tokio::task::spawn_blocking(move || file.lock().map(|()| file));
    tokio::select! {
        locked = waiting => locked.map_err(io::Error::other).and_then(|locked| locked).map_err(|error| failed(&error)),
        () = tokio::time::sleep(patience) => Err(LockError::Held),
        () = received.asked_to_end() => Err(LockError::Held),
    }
}

fn failed(error: &io::Error) -> LockError {
    LockError::Other(words::of(error))
}
