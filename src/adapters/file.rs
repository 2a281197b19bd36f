//! A file that is written, by WASI itself. The standard library asks for the right to change a directory with every file
//! that it writes, and not every runtime gives that; and it writes by streams, for which runtimes start a thread.

use std::io::{self, ErrorKind, Write};

use wasi::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode, OpenFlags, PathFlags};

/// A file that did not exist before.
pub struct NewFile {
    descriptor: Descriptor,
    /// How much has been written to it, in bytes.
    length: u64,
}

impl NewFile {
    /// Makes the file at `path` in `directory`.
    pub fn create(directory: &Descriptor, path: &str) -> io::Result<Self> {
        let new = OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
        let descriptor = directory.open_at(PathFlags::empty(), path, new, DescriptorFlags::WRITE).map_err(explained)?;
        Ok(Self { descriptor, length: 0 })
    }

    /// Waits until everything is on the disk.
    pub fn sync_all(&self) -> io::Result<()> {
        self.descriptor.sync().map_err(explained)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.descriptor.write(bytes, self.length).map_err(explained)?;
        self.length += written;
        Ok(usize::try_from(written).unwrap_or(bytes.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The error of the standard library that says the same.
fn explained(code: ErrorCode) -> io::Error {
    match code {
        ErrorCode::NoEntry => ErrorKind::NotFound.into(),
        ErrorCode::Exist => ErrorKind::AlreadyExists.into(),
        ErrorCode::Access | ErrorCode::NotPermitted => ErrorKind::PermissionDenied.into(),
        ErrorCode::InsufficientSpace => ErrorKind::StorageFull.into(),
        ErrorCode::Quota => ErrorKind::QuotaExceeded.into(),
        ErrorCode::ReadOnly => ErrorKind::ReadOnlyFilesystem.into(),
        other => io::Error::other(other.message()),
    }
}
