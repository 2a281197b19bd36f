//! Files below the state directory, for the host itself. The component may have put anything there, so no link is
//! followed.

#[cfg(test)]
mod tests;

use std::fs::{File, read_dir};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat, renameat};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use dogwrap::spool::{RUNNING, UNFINISHED};
use dogwrap::start::Record;

use super::StateDirectory;

/// The largest record that is read, in bytes. One has two requests.
const MAXIMUM_RECORD: u64 = 1024 * 1024;

/// What tells a file from all others.
pub type Identity = (u64, u64);

/// A path that leads to the very file that is open as `file`, where the system has such paths.
pub fn path_of(file: &impl AsRawFd) -> Option<PathBuf> {
    Some(PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))).filter(|path| path.exists())
}

/// Opens the directory `name`.
fn open_directory(directory: &impl AsFd, name: &str) -> nix::Result<OwnedFd> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_DIRECTORY | OFlag::O_RDONLY;
    openat(directory, Path::new(name), flags, Mode::empty())
}

/// Opens a file of `directory`. What is no file, such as a named pipe, is not waited for.
fn open(directory: &impl AsFd, name: &str, flags: OFlag) -> nix::Result<File> {
    let flags = flags | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
    openat(directory, Path::new(name), flags, Mode::from_bits_truncate(0o600)).map(File::from)
}

/// Opens the file at `path` below `directory`, which has to be there, for reading and writing.
pub fn open_below(directory: &File, path: &str) -> nix::Result<File> {
    let names: Vec<&str> = path.split('/').collect();
    if names.len() > 2 || names.iter().any(|name| ["", ".", ".."].contains(name)) {
        return Err(Errno::EINVAL);
    }
    // Network file systems lock only what is open for writing.
    match names.as_slice() {
        [parent, name] => open(&open_directory(directory, parent)?, name, OFlag::O_RDWR),
        [name] => open(directory, name, OFlag::O_RDWR),
        _ => Err(Errno::EINVAL),
    }
}

impl StateDirectory {
    /// Notes that the component has locked `file`: the record of this run is among those.
    pub fn note_lock(&mut self, file: &File) {
        self.locked.extend(identity(file));
    }

    /// The record that the component has made of this run, and its name.
    pub fn own_record(&self) -> Option<(String, Record)> {
        let running = open_directory(&self.directory, RUNNING).ok()?;
        let entries = read_dir(path_of(&running)?).ok()?.flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).find_map(|name| {
            let record = self.locked_record(&running, &name)?;
            Some((name, record))
        })
    }

    fn locked_record(&self, running: &OwnedFd, name: &str) -> Option<Record> {
        let file = open(running, name, OFlag::O_RDONLY).ok()?;
        if !self.locked.contains(&identity(&file)?) {
            return None;
        }
        let mut text = Vec::new();
        file.take(MAXIMUM_RECORD).read_to_end(&mut text).ok()?;
        Record::read(&text)
    }

    /// Removes the record called `name`.
    pub fn remove_record(&self, name: &str) {
        if let Ok(running) = open_directory(&self.directory, RUNNING) {
            let _ = unlinkat(running, name, UnlinkatFlags::NoRemoveDir);
        }
    }

    /// Makes the directory `name` for its owner alone, if it is not there.
    pub fn make_directory(&self, name: &str) -> io::Result<()> {
        match mkdirat(&self.directory, name, Mode::from_bits_truncate(0o700)) {
            Ok(()) | Err(Errno::EEXIST) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes a file into the directory `parent`, which is made if need be: it is whole and on the disk under its name, or
    /// not there.
    pub fn write(&self, parent: &str, name: &str, content: &[u8]) -> io::Result<()> {
        self.make_directory(parent)?;
        let parent = File::from(open_directory(&self.directory, parent)?);
        let unfinished = format!("{name}{UNFINISHED}");
        let mut file = open(&parent, &unfinished, OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL)?;
        let written = file
            .write_all(content)
            .and_then(|()| file.sync_all())
            .and_then(|()| Ok(renameat(&parent, unfinished.as_str(), &parent, name)?))
            .and_then(|()| parent.sync_all());
        if written.is_err() {
            let _ = unlinkat(&parent, unfinished.as_str(), UnlinkatFlags::NoRemoveDir);
        }
        written
    }
}

fn identity(file: &File) -> Option<Identity> {
    file.metadata().ok().map(|metadata| (metadata.dev(), metadata.ino()))
}
