//! A file that is written, by WASI itself: the standard library asks for the right to change a directory with every file
//! that it writes, and not every runtime gives that.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use wasi::filesystem::preopens;
use wasi::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode, OpenFlags, PathFlags};

/// A file that did not exist before.
pub struct NewFile {
    descriptor: Descriptor,
    /// How much has been written to it, in bytes.
    length: u64,
}

impl NewFile {
    /// Makes the file at `path`, which is in a directory that is lent.
    pub fn create(path: &Path) -> io::Result<Self> {
        let lent = preopens::get_directories().into_iter();
        let within = lent.filter_map(|(directory, at)| Some((directory, below(path, &at)?)));
        let nearest = within.min_by_key(|(_, below)| below.len());
        let (directory, below) = nearest.ok_or(ErrorKind::NotFound)?;
        let new = OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
        let descriptor =
            directory.open_at(PathFlags::empty(), &below, new, DescriptorFlags::WRITE).map_err(explained)?;
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

/// `path` as it is below the directory that is lent `at` another path; none if it is not.
fn below(path: &Path, at: &str) -> Option<String> {
    let rest = if at == "." && path.is_relative() { path } else { path.strip_prefix(at).ok()? };
    rest.to_str().map(str::to_owned)
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
