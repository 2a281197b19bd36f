//! What the tests share: a place for each, and output that can be waited for.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use dogwrap_host::{Job, Output, Wrapper};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use tempfile::TempDir;

/// How long something is waited for that is to happen: far longer than it takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The one that all tests share.
pub fn wrapper() -> Wrapper {
    static WRAPPER: OnceLock<Wrapper> = OnceLock::new();
    WRAPPER.get_or_init(|| Wrapper::new().expect("the built-in component is valid")).clone()
}

/// The state directory of a test, which is gone with it.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory can be made"))
    }

    /// A job that reports to `url` and keeps here what it cannot. What it prints goes nowhere.
    pub fn job(&self, command: &str, url: &str) -> Job {
        Job::new(command)
            .api_key("0123456789abcdef0123456789abcdef")
            .site(url)
            .spool_directory(self.0.path().join("state"))
            .stdout(Output::Discard)
            .stderr(Output::Discard)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The names of what is kept.
    pub fn kept(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("state/spool")).into_iter().flatten();
        entries.map(|entry| entry.expect("it can be read").file_name().into_string().expect("it is text")).collect()
    }

    /// A named pipe, by which a command is told to go on.
    pub fn pipe(&self, name: &str) -> Gate {
        let path = self.path(name);
        mkfifo(&path, Mode::S_IRWXU).expect("it can be made");
        Gate(path)
    }
}

/// A named pipe that a command reads a line from.
pub struct Gate(PathBuf);

impl Gate {
    /// The words that have the shell wait.
    pub fn wait(&self) -> String {
        format!("read line < '{}'", self.0.display())
    }

    /// Lets one who waits go on; waits for somebody to come.
    pub fn open(&self) {
        drop(self.open_for(1));
    }

    /// Lets so many who wait go on, of whom some may not have come yet: they find it open as long as the result is there.
    pub fn open_for(&self, number: usize) -> File {
        let mut pipe = OpenOptions::new().write(true).open(&self.0).expect("it is there");
        pipe.write_all("\n".repeat(number).as_bytes()).expect("somebody reads it");
        pipe
    }
}

/// What a command prints, as it comes.
pub struct Printed {
    pieces: Receiver<Vec<u8>>,
    text: String,
}

struct Pieces(Sender<Vec<u8>>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes.to_owned()).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Printed {
    /// An output, and what comes out of it.
    pub fn new() -> (Output, Self) {
        let (sender, pieces) = channel();
        (Output::to(Pieces(sender)), Self { pieces, text: String::new() })
    }

    /// Waits until this has been printed.
    pub fn until(&mut self, expected: &str) {
        while !self.text.contains(expected) {
            let piece =
                self.pieces.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("only this comes: {:?}", self.text));
            self.text.push_str(&String::from_utf8(piece).expect("it is text"));
        }
    }

    /// All that has been printed by now.
    pub fn so_far(mut self) -> String {
        let rest: Vec<u8> = self.pieces.try_iter().flatten().collect();
        self.text.push_str(&String::from_utf8(rest).expect("it is text"));
        self.text
    }
}
