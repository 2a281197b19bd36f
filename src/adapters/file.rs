//! Files and directories, by WASI itself. The standard library asks for the right to change a directory with every file that
//! it writes, and not every runtime gives that; it reads and writes by streams, for which runtimes start a thread; and it
//! looks at every entry of a directory that it reads.

use std::io::{self, ErrorKind, Read, Write};
use std::time::Duration;

use wasi::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, ErrorCode, OpenFlags, PathFlags,
};

/// How much is read at once, in bytes.
const PIECE: u64 = 64 * 1024;

/// A directory. Paths are from there.
pub struct Directory {
    /// One that is lent: this one, or one above it.
    lent: Descriptor,
    /// What leads from the one that is lent to this one: nothing, or a path with a slash at its end.
    below: String,
}

/// A file that did not exist before. It is written at its end, and read from its beginning.
pub struct NewFile {
    descriptor: Descriptor,
    /// How much has been written to it, in bytes.
    written: u64,
    /// How much has been read from it, in bytes.
    read: u64,
}

impl Directory {
    /// The directory at `path` in one that is lent, or that one itself if the path is empty.
    pub fn new(lent: Descriptor, path: &str) -> Self {
        let below = if path.is_empty() { String::new() } else { format!("{path}/") };
        Self { lent, below }
    }

    fn open(&self, path: &str, open: OpenFlags, flags: DescriptorFlags) -> io::Result<Descriptor> {
        self.lent.open_at(PathFlags::empty(), &self.at(path), open, flags).map_err(explained)
    }

    fn status(&self, path: &str) -> io::Result<DescriptorStat> {
        self.lent.stat_at(PathFlags::empty(), &self.at(path)).map_err(explained)
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.below)
    }

    /// Makes a file.
    pub fn create(&self, path: &str) -> io::Result<NewFile> {
        let new = OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
        let descriptor = self.open(path, new, DescriptorFlags::READ | DescriptorFlags::WRITE)?;
        Ok(NewFile { descriptor, written: 0, read: 0 })
    }

    /// Makes a directory, unless there is one.
    pub fn make(&self, path: &str) -> io::Result<()> {
        match self.lent.create_directory_at(&self.at(path)) {
            Ok(()) | Err(ErrorCode::Exist) => Ok(()),
            Err(code) => Err(explained(code)),
        }
    }

    /// Reads a file whole. What is no file, such as a named pipe, is not waited for.
    pub fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        if self.status(path)?.type_ != DescriptorType::RegularFile {
            return Err(io::Error::other("it is no file"));
        }
        let descriptor = self.open(path, OpenFlags::empty(), DescriptorFlags::READ)?;
        let mut content = Vec::new();
        loop {
            let (piece, at_end) = descriptor.read(PIECE, content.len() as u64).map_err(explained)?;
            content.extend_from_slice(&piece);
            if at_end || piece.is_empty() {
                return Ok(content);
            }
        }
    }

    /// The names in a directory, in no order. Those that are not Unicode are left out.
    pub fn names(&self, path: &str) -> io::Result<Vec<String>> {
        let directory = self.open(path, OpenFlags::DIRECTORY, DescriptorFlags::READ)?;
        let entries = directory.read_directory().map_err(explained)?;
        let mut names = Vec::new();
        loop {
            match entries.read_directory_entry() {
                Ok(Some(DirectoryEntry { name, .. })) => names.push(name),
                Err(ErrorCode::IllegalByteSequence) => {}
                // What was found is there, whatever becomes of the rest.
                Ok(None) | Err(_) => return Ok(names),
            }
        }
    }

    /// The length of a file, in bytes.
    pub fn length(&self, path: &str) -> io::Result<u64> {
        self.status(path).map(|status| status.size)
    }

    /// When a file was changed last, since 1970.
    pub fn modified(&self, path: &str) -> io::Result<Duration> {
        let modified = self.status(path)?.data_modification_timestamp.ok_or(ErrorKind::Unsupported)?;
        Ok(Duration::new(modified.seconds, modified.nanoseconds))
    }

    /// Renames a file, in place of any other that has the name.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.lent.rename_at(&self.at(from), &self.lent, &self.at(to)).map_err(explained)
    }

    /// Removes a file.
    pub fn remove(&self, path: &str) -> io::Result<()> {
        self.lent.unlink_file_at(&self.at(path)).map_err(explained)
    }

    /// Waits until the names in a directory are on the disk.
    pub fn sync(&self, path: &str) -> io::Result<()> {
        self.open(path, OpenFlags::DIRECTORY, DescriptorFlags::READ)?.sync().map_err(explained)
    }
}

impl NewFile {
    /// Waits until everything is on the disk.
    pub fn sync_all(&self) -> io::Result<()> {
        self.descriptor.sync().map_err(explained)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.descriptor.write(bytes, self.written).map_err(explained)?;
        self.written += written;
        Ok(usize::try_from(written).unwrap_or(bytes.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for NewFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (piece, _) = self.descriptor.read(buffer.len() as u64, self.read).map_err(explained)?;
        let length = piece.len().min(buffer.len());
        buffer[..length].copy_from_slice(&piece[..length]);
        self.read += length as u64;
        Ok(length)
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
