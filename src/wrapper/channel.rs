//! One stream of a command: read as it comes, captured for the event, and passed on or held back.

use wasi::io::poll::Pollable;
use wasi::io::streams::{InputStream, StreamError};

use super::held_back::Store;
use crate::adapters::console::Sink;
use crate::capture::Capture;

/// How much is read at once, in bytes: what a host's pipe may hold.
const PIECE: u64 = 256 * 1024;

/// How far the command may be ahead of a slow reader of ours before it has to wait for it, as it would without us.
const SLACK: usize = 768 * 1024;

/// The same once the command has ended: what its pipe can still hold is to be in the event.
const SLACK_AT_END: usize = 2 * 1024 * 1024;

/// The end of a pipe that the command prints to.
struct Source {
    // In this order: a pollable is a child of its stream, and has to be dropped first.
    pollable: Pollable,
    stream: InputStream,
}

/// Everything that belongs to one stream.
pub struct Channel {
    /// None when the stream has ended.
    source: Option<Source>,
    pub capture: Capture,
    /// Where output is held back, if it is.
    pub store: Option<Store>,
}

impl Channel {
    /// The channel of a stream of the command.
    pub fn new(stream: Option<InputStream>, hold_back: bool) -> Self {
        Self {
            source: stream.map(|stream| Source { pollable: stream.subscribe(), stream }),
            capture: Capture::default(),
            store: hold_back.then(Store::default),
        }
    }

    /// Whether more can come.
    pub fn is_open(&self) -> bool {
        self.source.is_some()
    }

    /// Ready when there is something to read; none while `sink` has to catch up first.
    pub fn pollable(&self, sink: &Sink, command_has_ended: bool) -> Option<&Pollable> {
        let slack = if command_has_ended { SLACK_AT_END } else { SLACK };
        self.source.as_ref().filter(|_| sink.backlog() < slack).map(|source| &source.pollable)
    }

    /// Reads what is there, and passes it on.
    pub fn read(&mut self, sink: &mut Sink) {
        let Some(source) = &self.source else { return };
        match source.stream.read(PIECE) {
            Ok(bytes) => {
                self.capture.push(&bytes);
                self.pass_on(bytes, sink);
            }
            Err(StreamError::Closed | StreamError::LastOperationFailed(_)) => self.source = None,
        }
    }

    fn pass_on(&mut self, bytes: Vec<u8>, sink: &mut Sink) {
        let Some(store) = &mut self.store else { return sink.accept(bytes) };
        if store.hold(&bytes).is_err() {
            // Held back no longer, rather than lost.
            while let Some(held) = store.take() {
                sink.accept(held);
            }
            self.store = None;
            sink.accept(bytes);
        }
    }
}
