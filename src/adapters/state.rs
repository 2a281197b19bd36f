//! The state directory: files that are whole or not there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use wasi::filesystem::types::Descriptor;

use super::file::NewFile;
use super::{clock, lent};
use crate::spool::UNFINISHED;

/// After this long an unfinished file is one that nobody will finish.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// The directory in which events are kept.
pub struct State {
    /// Where the component finds it.
    pub root: PathBuf,
    /// The directory that is lent, which is this one or above it.
    pub lent: Descriptor,
    /// Where this directory is below the one that is lent.
    pub below: PathBuf,
    /// Where it is on the host, for messages.
    pub path: String,
}

impl State {
    /// Opens the directory that an option names, or else the usual one. The error says why there is none, in words for
    /// people.
    pub fn open(named: Option<&str>) -> Result<Self, String> {
        lent::directory(named)
    }

    /// Where `name` is, for the component.
    pub fn at(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Where `name` is on the host, for people.
    pub fn shown(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    /// The names in a directory, sorted; none when it is not there.
    pub fn names(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(self.at(directory)).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort_unstable();
        names
    }

    /// Reads a file whole. What is no file, such as a named pipe, is not waited for.
    pub fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let path = self.at(name);
        if !fs::symlink_metadata(&path)?.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        fs::read(path)
    }

    /// Makes a file that nobody else has, in a directory that need not be there yet. It is called `name` once it is
    /// finished with [`State::finish`]: until then nobody takes it for more than it is.
    pub fn begin(&self, directory: &str, name: &str) -> io::Result<(NewFile, String)> {
        let unfinished = format!("{directory}/{name}.{:x}{UNFINISHED}", clock::random());
        let create = || NewFile::create(&self.lent, &self.below.join(&unfinished).to_string_lossy());
        let file = match create() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(self.at(directory))?;
                create()?
            }
            created => created?,
        };
        Ok((file, unfinished))
    }

    /// Gives the file `unfinished` its name, in place of any other that has it.
    pub fn finish(&self, unfinished: &str, directory: &str, name: &str) -> io::Result<()> {
        self.rename(unfinished, &format!("{directory}/{name}"))
    }

    /// Renames a file, in place of any other that has the name.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.at(from), self.at(to))
    }

    /// Writes a file that is whole and on the disk under its name, or else not there, or what it was before.
    pub fn write(&self, directory: &str, name: &str, content: &[u8]) -> io::Result<()> {
        let (mut file, unfinished) = self.begin(directory, name)?;
        let written = file
            .write_all(content)
            .and_then(|()| file.sync_all())
            .and_then(|()| self.finish(&unfinished, directory, name))
            .and_then(|()| File::open(self.at(directory))?.sync_all());
        if written.is_err() {
            // Whatever is left of it is no use to anybody. A full disk is glad of it.
            let _ = fs::remove_file(self.at(&unfinished));
        }
        written
    }

    /// Removes files of `directory` that somebody began and did not live to finish.
    pub fn remove_abandoned(&self, directory: &str) {
        let is_old = |path: &Path| {
            let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
            modified.is_ok_and(|modified| SystemTime::now().duration_since(modified).is_ok_and(|age| age > ABANDONED))
        };
        for name in self.names(directory).into_iter().filter(|name| name.ends_with(UNFINISHED)) {
            let path = self.at(&format!("{directory}/{name}"));
            if is_old(&path) {
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// Why something cannot be done to a file, for people: the numbers that WASI gives to errors mean nothing to them.
pub fn explain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.as_str(), |(words, _)| words).to_ascii_lowercase()
}
