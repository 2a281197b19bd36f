//! The state directory: files that are whole or not there.

use std::io::{self, Write};
use std::time::Duration;

use super::file::{Directory, NewFile};
use super::{clock, lent};
use crate::spool::UNFINISHED;

/// After this long an unfinished file is one that nobody will finish.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// The directory in which events are kept.
pub struct State {
    pub directory: Directory,
    /// Where it is on the host, for messages.
    pub path: String,
}

impl State {
    /// Opens the directory that an option names, or else the usual one. The error says why there is none, in words for
    /// people.
    pub fn open(named: Option<&str>) -> Result<Self, String> {
        lent::directory(named)
    }

    /// Where `name` is on the host, for people.
    pub fn shown(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    /// The names in a directory, sorted; none when it is not there.
    pub fn names(&self, directory: &str) -> Vec<String> {
        let mut names = self.directory.names(directory).unwrap_or_default();
        names.sort_unstable();
        names
    }

    /// Makes a file that nobody else has, in a directory that need not be there yet. It is called `name` once it is
    /// finished with [`State::finish`]: until then nobody takes it for more than it is.
    pub fn begin(&self, directory: &str, name: &str) -> io::Result<(NewFile, String)> {
        let unfinished = format!("{directory}/{name}.{:x}{UNFINISHED}", clock::random());
        let file = match self.directory.create(&unfinished) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.directory.make(directory)?;
                self.directory.create(&unfinished)?
            }
            created => created?,
        };
        Ok((file, unfinished))
    }

    /// Gives the file `unfinished` its name, in place of any other that has it.
    pub fn finish(&self, unfinished: &str, directory: &str, name: &str) -> io::Result<()> {
        self.directory.rename(unfinished, &format!("{directory}/{name}"))
    }

    /// Writes a file that is whole and on the disk under its name, or else not there, or what it was before.
    pub fn write(&self, directory: &str, name: &str, content: &[u8]) -> io::Result<()> {
        let (mut file, unfinished) = self.begin(directory, name)?;
        let written = file
            .write_all(content)
            .and_then(|()| file.sync_all())
            .and_then(|()| self.finish(&unfinished, directory, name))
            .and_then(|()| self.directory.sync(directory));
        if written.is_err() {
            // Whatever is left of it is no use to anybody. A full disk is glad of it.
            let _ = self.directory.remove(&unfinished);
        }
        written
    }

    /// Removes files of `directory` that somebody began and did not live to finish.
    pub fn remove_abandoned(&self, directory: &str) {
        for name in self.names(directory).into_iter().filter(|name| name.ends_with(UNFINISHED)) {
            let path = format!("{directory}/{name}");
            let age = self.directory.modified(&path).map(|modified| clock::now().saturating_sub(modified));
            if age.is_ok_and(|age| age > ABANDONED) {
                let _ = self.directory.remove(&path);
            }
        }
    }
}

/// Why something cannot be done to a file, for people: the numbers that WASI gives to errors mean nothing to them.
pub fn explain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.as_str(), |(words, _)| words).to_ascii_lowercase()
}
