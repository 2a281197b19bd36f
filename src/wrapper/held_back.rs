//! Output that is held back until the command has ended (`--buffer_outs`): in memory, and beyond that in a file that
//! has no name any more.

use std::io::{self, Read, Write};
use std::time::Duration;

use crate::adapters::clock;
use crate::adapters::console::{Console, Sink};
use crate::adapters::file::NewFile;
use crate::adapters::state::State;

/// What is held in memory of one stream, in bytes.
const MEMORY: usize = 1024 * 1024;

/// How much is taken back from a file at once, in bytes.
const PIECE: usize = 64 * 1024;

/// Both streams of a command, as far as they are held back.
#[derive(Default)]
pub struct HeldBack {
    pub stdout: Store,
    pub stderr: Store,
}

/// One stream: first in memory, then in the file.
#[derive(Default)]
pub struct Store {
    memory: Vec<u8>,
    file: Option<NewFile>,
}

impl HeldBack {
    /// Prints what is held back, standard error first, at most until its readers have taken nothing for `patience`.
    /// What they did not take is printed by the next call. Returns whether they took everything.
    pub fn replay(&mut self, console: &mut Console, patience: Option<Duration>) -> bool {
        replay(&mut self.stderr, console, |console| &mut console.stderr, patience)
            && replay(&mut self.stdout, console, |console| &mut console.stdout, patience)
    }
}

/// Prints one stream, and returns whether all of it was taken.
fn replay(
    store: &mut Store,
    console: &mut Console,
    sink: fn(&mut Console) -> &mut Sink,
    patience: Option<Duration>,
) -> bool {
    while let Some(piece) = store.take() {
        sink(console).accept(piece);
        if !console.settle(patience) {
            return false;
        }
    }
    true
}

impl Store {
    /// Holds `bytes` back. An error means that they are not held, and that no more can be.
    pub fn hold(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.file.is_none() && self.memory.len() + bytes.len() <= MEMORY {
            self.memory.extend_from_slice(bytes);
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(unnamed_file()?),
        };
        file.write_all(bytes)
    }

    /// Takes back the next bytes, in order; none when there are no more, or when the file fails.
    pub fn take(&mut self) -> Option<Vec<u8>> {
        if !self.memory.is_empty() {
            return Some(std::mem::take(&mut self.memory));
        }
        let file = self.file.as_mut()?;
        let mut piece = vec![0; PIECE];
        let length = file.read(&mut piece).ok()?;
        piece.truncate(length);
        (length > 0).then_some(piece)
    }
}

/// Makes a file in the state directory that is gone, with its space, when the program is.
fn unnamed_file() -> io::Result<NewFile> {
    let state = State::open(None).map_err(io::Error::other)?;
    let name = format!("{:016x}.output", clock::random());
    let file = state.directory.create(&name)?;
    state.directory.remove(&name)?;
    Ok(file)
}
