//! The capability of locks in the state directory: advisory, and gone with whoever holds them.

use std::fs::{File, TryLockError};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use wasmtime::component::{Resource, ResourceTable};

use crate::bindings::dogwrap::wrapper::state::{Host, HostLock, LockError};
use crate::process::Received;
use crate::state::StateDirectory;
use crate::words;

/// The longest that a lock is waited for.
const MAXIMUM_PATIENCE: Duration = Duration::from_secs(600);

/// The WIT resource `lock`. Closing the file releases it.
pub struct Lock {
    _file: File,
}

/// A short borrow of the store: what a call of the component works on.
pub struct StateView<'a> {
    /// Or why there is none.
    pub directory: &'a Result<StateDirectory, String>,
    pub received: Arc<Received>,
    pub table: &'a mut ResourceTable,
}

impl Host for StateView<'_> {
    fn directory(&mut self) -> wasmtime::Result<Result<String, String>> {
        let path = |directory: &StateDirectory| directory.path().to_string_lossy().into_owned();
        Ok(self.directory.as_ref().map(path).map_err(String::clone))
    }

    async fn acquire(&mut self, path: String, patience: u64) -> wasmtime::Result<Result<Resource<Lock>, LockError>> {
        let Ok(directory) = self.directory else { return Ok(Err(LockError::NotFound)) };
        let patience = Duration::from_nanos(patience).min(MAXIMUM_PATIENCE);
        let locked = match open_below(directory.directory(), &path) {
            Ok(file) => lock(file, patience, &self.received).await,
            Err(Errno::ENOENT) => Err(LockError::NotFound),
            Err(error) => Err(LockError::Other(words::of(&error.into()))),
        };
        Ok(match locked {
            Ok(file) => Ok(self.table.push(Lock { _file: file })?),
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

/// Opens the file at `path` below `directory`, following no link on the way.
fn open_below(directory: &File, path: &str) -> nix::Result<File> {
    let names: Vec<&str> = path.split('/').collect();
    if names.len() > 2 || names.iter().any(|name| ["", ".", ".."].contains(name)) {
        return Err(Errno::EINVAL);
    }
    let mut below: OwnedFd = directory.as_fd().try_clone_to_owned().map_err(|_| Errno::EMFILE)?;
    let (name, parents) = names.split_last().ok_or(Errno::EINVAL)?;
    let flags = OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    for parent in parents {
        below = openat(&below, Path::new(parent), flags | OFlag::O_DIRECTORY | OFlag::O_RDONLY, Mode::empty())?;
    }
    // Network file systems lock only what is open for writing. What is no file, such as a named pipe, must not block.
    openat(&below, Path::new(name), flags | OFlag::O_RDWR | OFlag::O_NONBLOCK, Mode::empty()).map(File::from)
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_files_below_the_directory_are_opened() {
        let outside = tempfile::tempdir().expect("a temporary directory can be made");
        let root = outside.path().join("state");
        fs::create_dir_all(root.join("running")).expect("it can be made");
        for file in [outside.path().join("file"), root.join("file"), root.join("running/file")] {
            fs::write(file, "").expect("it can be written");
        }
        symlink(outside.path(), root.join("link")).expect("it can be made");
        symlink("file", root.join("linked")).expect("it can be made");
        let directory = File::open(&root).expect("it is there");
        for path in ["file", "running/file"] {
            open_below(&directory, path).expect(path);
        }
        for path in ["", ".", "..", "../file", "/file", "link/file", "linked", "running/../file", "running", "a/b/c"] {
            assert!(open_below(&directory, path).is_err(), "{path:?}");
        }
        assert_eq!(open_below(&directory, "none").err(), Some(Errno::ENOENT));
        assert_eq!(open_below(&directory, "none/file").err(), Some(Errno::ENOENT));
    }
}
