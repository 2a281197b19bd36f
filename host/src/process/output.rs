//! A pipe that the command prints to, and the WASI stream that the component reads it by.

use std::io::{self, PipeReader};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use tokio::net::unix::pipe::Receiver;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{InputStream, Pollable, StreamError, StreamResult};

use crate::forward;

/// The most that is read at once, in bytes: what a pipe holds.
const LARGEST_READ: usize = 64 * 1024;

/// The end of a pipe that we read. It outlives the component's stream: a pipe is never closed on who writes to it.
#[derive(Clone)]
pub struct Pipe {
    reader: Arc<Receiver>,
    ended: Arc<AtomicBool>,
}

impl Pipe {
    pub fn new(reader: PipeReader) -> io::Result<Self> {
        Ok(Self { reader: Arc::new(Receiver::from_owned_fd(OwnedFd::from(reader))?), ended: Arc::default() })
    }

    /// Has what is still to come forwarded to `output` by a process of its own, unless the pipe is at its end.
    pub fn hand_over(&self, output: impl AsFd) -> io::Result<()> {
        if self.ended.load(Ordering::Relaxed) {
            return Ok(());
        }
        forward::start(self.reader.as_fd().try_clone_to_owned()?, output)
    }
}

/// The component's stream of a pipe.
pub struct Stream {
    pipe: Pipe,
    buffer: Vec<u8>,
}

impl Stream {
    pub fn new(pipe: &Pipe) -> Self {
        Self { pipe: pipe.clone(), buffer: Vec::new() }
    }
}

#[async_trait]
impl Pollable for Stream {
    async fn ready(&mut self) {
        // An error here comes up again when the stream is read.
        let _ = self.pipe.reader.readable().await;
    }
}

#[async_trait]
impl InputStream for Stream {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        if size == 0 {
            return Ok(Bytes::new());
        }
        self.buffer.resize(LARGEST_READ, 0);
        let buffer = &mut self.buffer[..size.min(LARGEST_READ)];
        match self.pipe.reader.try_read(buffer) {
            Ok(0) => {
                self.pipe.ended.store(true, Ordering::Relaxed);
                Err(StreamError::Closed)
            }
            Ok(length) => Ok(Bytes::copy_from_slice(&buffer[..length])),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                Ok(Bytes::new())
            }
            Err(error) => Err(StreamError::LastOperationFailed(wasmtime::Error::msg(error.to_string()))),
        }
    }
}
