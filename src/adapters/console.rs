//! Standard output and standard error: written as fast as their readers take it, and never waited for unless asked.

use std::time::Duration;

use wasi::cli::{stderr, stdout, terminal_stderr};
use wasi::clocks::monotonic_clock;
use wasi::io::poll::{Pollable, poll};
use wasi::io::streams::{OutputStream, StreamError};

use super::lent;
use crate::backlog::Backlog;

/// How long readers are waited for once a signal asks to end: those that read are done long before.
const PATIENCE_AFTER_SIGNAL: Duration = Duration::from_secs(1);

/// What has a terminal erase everything after the cursor in its line (ECMA-48, EL).
const ERASE_REST_OF_LINE: &str = "\u{1b}[K";

/// One of the two streams, and what its reader has not taken yet.
pub struct Sink {
    // Before the stream: a pollable is its child and has to be dropped first.
    pollable: Pollable,
    stream: OutputStream,
    backlog: Backlog,
    /// Whether a flush has been asked for since the last bytes were written.
    flushed: bool,
    lost: Option<Loss>,
}

/// Why a stream cannot be written any more.
struct Loss {
    reason: String,
    reported: bool,
}

impl Sink {
    fn new(stream: OutputStream) -> Self {
        Self { pollable: stream.subscribe(), stream, backlog: Backlog::default(), flushed: true, lost: None }
    }

    /// Writes `bytes`, or keeps what cannot be written at once.
    pub fn accept(&mut self, bytes: impl AsRef<[u8]> + Into<Vec<u8>>) {
        let written = if self.backlog.is_empty() { self.write(bytes.as_ref()) } else { 0 };
        if self.lost.is_none() && written < bytes.as_ref().len() {
            self.backlog.push(bytes.into(), written);
        }
    }

    /// Writes of the backlog what can be written at once.
    pub fn advance(&mut self) {
        let mut backlog = std::mem::take(&mut self.backlog);
        while !backlog.is_empty() {
            match self.write(backlog.first()) {
                0 => break,
                written => backlog.remove(written),
            }
        }
        if self.lost.is_none() {
            self.backlog = backlog;
        }
    }

    /// Writes as much of `bytes` as can be written at once and returns how much that was.
    fn write(&mut self, bytes: &[u8]) -> usize {
        let mut written = 0;
        while written < bytes.len() && self.lost.is_none() {
            let permitted = self.permitted();
            if permitted == 0 {
                break;
            }
            let end = bytes.len().min(written + permitted);
            if let Err(error) = self.stream.write(&bytes[written..end]) {
                self.lose(&error);
            }
            written = end;
            self.flushed = false;
        }
        written
    }

    fn permitted(&mut self) -> usize {
        match self.stream.check_write() {
            Ok(permitted) => usize::try_from(permitted).unwrap_or(usize::MAX),
            Err(error) => {
                self.lose(&error);
                0
            }
        }
    }

    fn lose(&mut self, error: &StreamError) {
        let reason = match error {
            StreamError::Closed => "its reader is gone".to_owned(),
            StreamError::LastOperationFailed(error) => error.to_debug_string(),
        };
        self.lost.get_or_insert(Loss { reason, reported: false });
    }

    /// Whether everything has reached the reader, or never can.
    fn is_settled(&mut self) -> bool {
        self.advance();
        if self.backlog.is_empty() && !self.flushed {
            // Only a flush tells when the last bytes have left the host as well: nothing is permitted until then.
            let _ = self.stream.flush();
            self.flushed = true;
        }
        self.backlog.is_empty() && (self.permitted() > 0 || self.lost.is_some())
    }
}

/// For whoever passes on what a command prints.
#[cfg(not(feature = "reporter"))]
impl Sink {
    /// Waits for the reader no more: what it has not taken is lost.
    pub fn give_up(&mut self) {
        self.backlog.clear();
        self.lost.get_or_insert(Loss { reason: "its reader takes nothing".to_owned(), reported: true });
    }

    /// How many bytes wait for the reader. None ever do once the reader is gone.
    pub fn backlog(&self) -> usize {
        self.backlog.length()
    }

    /// Ready when more can be written.
    pub fn pollable(&self) -> &Pollable {
        &self.pollable
    }
}

/// Both streams, and the name that messages begin with.
pub struct Console {
    program: String,
    /// Whether a signal has asked to end while readers, or the API, were waited for.
    asked_to_end: bool,
    /// Whether the last line of standard error shows a progress.
    shows_progress: bool,
    pub stdout: Sink,
    pub stderr: Sink,
}

impl Console {
    pub fn new(program: &str) -> Self {
        Self {
            program: program.to_owned(),
            asked_to_end: false,
            shows_progress: false,
            stdout: Sink::new(stdout::get_stdout()),
            stderr: Sink::new(stderr::get_stderr()),
        }
    }

    /// The name that the program was called by.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Notes that a signal has asked to end: readers are not waited for much longer.
    pub fn hurry(&mut self) {
        self.asked_to_end = true;
    }

    /// Prints what was asked for.
    pub fn print(&mut self, text: &str) {
        self.stdout.accept(text.as_bytes());
    }

    /// Says something to people: one line on standard error, unless the host has a better place for it.
    pub fn message(&mut self, message: &str) {
        self.end_progress();
        if !lent::say(message) {
            let line = format!("{}: {message}\n", self.program);
            self.stderr.accept(line.as_bytes());
        }
    }

    /// Shows how far something has come, in a line that the next replaces. Only a terminal can show that.
    pub fn progress(&mut self, progress: &str) {
        if terminal_stderr::get_terminal_stderr().is_some() {
            self.shows_progress = true;
            self.stderr.accept(format!("\r{}: {progress}{ERASE_REST_OF_LINE}", self.program).as_bytes());
            self.stderr.advance();
        }
    }

    /// Removes the line that shows a progress.
    pub fn end_progress(&mut self) {
        if std::mem::take(&mut self.shows_progress) {
            self.stderr.accept(format!("\r{ERASE_REST_OF_LINE}").as_bytes());
        }
    }

    /// Says what was wrong, and what to do.
    pub fn error(&mut self, message: &str, hint: &str) {
        self.message(&format!("error: {message}"));
        self.stderr.accept(format!("hint: {hint}\n").as_bytes());
    }

    /// Says once that standard output has been lost. Of standard error there is nobody to tell.
    pub fn report_loss(&mut self) {
        if let Some(loss) = self.stdout.lost.as_mut().filter(|loss| !loss.reported) {
            loss.reported = true;
            let message = format!("standard output cannot be written, going on without: {}", loss.reason);
            self.message(&message);
        }
    }

    /// Waits until everything written has reached its reader, at most for `patience`, and not much longer once a signal
    /// asks to end. Returns whether it has.
    pub fn settle(&mut self, patience: Option<Duration>) -> bool {
        let timer = |patience| monotonic_clock::subscribe_duration(nanoseconds(patience));
        let patience = if self.asked_to_end { Some(PATIENCE_AFTER_SIGNAL) } else { patience };
        let mut patience = patience.map(timer);
        let signal = lent::subscribe();
        loop {
            self.report_loss();
            let unsettled: Vec<_> = [&mut self.stdout, &mut self.stderr]
                .into_iter()
                .filter_map(|sink| (!sink.is_settled()).then_some(&*sink))
                .collect();
            if unsettled.is_empty() {
                return true;
            }
            let writable = unsettled.iter().map(|sink| &sink.pollable);
            let pollables: Vec<_> = signal.iter().chain(&patience).chain(writable).collect();
            poll(&pollables);
            if lent::asked_to_end() && !self.asked_to_end {
                self.asked_to_end = true;
                patience = Some(timer(PATIENCE_AFTER_SIGNAL));
            } else if patience.as_ref().is_some_and(Pollable::ready) {
                return false;
            }
        }
    }
}

/// A duration as WASI counts it.
pub fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
