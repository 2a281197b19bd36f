//! Where a stream goes, and whether it can be written there without waiting.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::sync::Mutex;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::stat::makedev;

use super::lock;

/// The number of `/dev/null`.
const NULL_DEVICE: u64 = makedev(1, 3);

/// Where a stream goes.
pub enum Sink {
    /// To an open file, such as what this process has inherited.
    File(File),
    /// To whatever a program that embeds us makes of it.
    Writer(Mutex<Box<dyn io::Write + Send>>),
}

/// Standard output and standard error of this process.
pub fn inherited() -> io::Result<[Sink; 2]> {
    let stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let stderr = File::from(io::stderr().as_fd().try_clone_to_owned()?);
    Ok([Sink::File(stdout), Sink::File(stderr)])
}

impl Sink {
    /// What tells the file from others, if it is one.
    pub fn identity(&self) -> io::Result<Option<(u64, u64)>> {
        let Self::File(file) = self else { return Ok(None) };
        let metadata = file.metadata()?;
        Ok(Some((metadata.dev(), metadata.ino())))
    }

    /// Writes all of `bytes`, however long that takes.
    pub fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::File(file) => (&*file).write_all(bytes),
            Self::Writer(writer) => {
                let mut writer = lock(writer);
                writer.write_all(bytes)?;
                writer.flush()
            }
        }
    }

    /// The same place as an open file on which a write never waits, where that can be had: of a pipe, and of the null device.
    ///
    /// Not to wait is a property of the open file, which we share with whoever started us. But a pipe can be opened once
    /// more by its entry in `/proc`, and what is set on that is ours alone.
    pub fn without_waiting(&self) -> Option<File> {
        let Self::File(file) = self else { return None };
        let metadata = file.metadata().ok()?;
        let kind = metadata.file_type();
        if kind.is_char_device() && metadata.rdev() == NULL_DEVICE {
            return file.try_clone().ok();
        }
        let flags = OFlag::from_bits_retain(fcntl(file, FcntlArg::F_GETFL).ok()?);
        // What may not be written, or keeps each write apart, would do so no more.
        if !kind.is_fifo() || flags & OFlag::O_ACCMODE == OFlag::O_RDONLY || flags.contains(OFlag::O_DIRECT) {
            return None;
        }
        let entry = format!("/proc/self/fd/{}", file.as_raw_fd());
        File::options().write(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(entry).ok()
    }
}
