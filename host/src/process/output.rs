//! A pipe that the command prints to, and the WASI stream that the component reads it by.

use std::io::{self, PipeReader};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::{Bytes, BytesMut};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::net::unix::pipe::Receiver;
use tokio::sync::Notify;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

use crate::flow::Flow;
use crate::stdio::Output;
use crate::words;

/// What a pipe is made to hold, and the most that is read at once, in bytes. Four times the usual: whoever prints much
/// is woken, and wakes us, a quarter as often.
const CAPACITY: usize = 256 * 1024;

/// The end of a pipe that we read. It outlives the component's stream: a pipe is never closed on who writes to it.
#[derive(Clone)]
pub struct Pipe {
    reader: Arc<Receiver>,
    /// Whether the component's stream has ended: at the end of the pipe, or because the pipe was handed over.
    ended: Arc<AtomicBool>,
    /// Told of every read.
    was_read: Arc<Notify>,
}

impl Pipe {
    pub fn new(reader: PipeReader) -> io::Result<Self> {
        enlarge(&reader);
        Ok(Self {
            reader: Arc::new(Receiver::from_owned_fd(OwnedFd::from(reader))?),
            ended: Arc::default(),
            was_read: Arc::default(),
        })
    }

    /// Waits until everything that is in the pipe has been read.
    pub async fn drained(&self) {
        loop {
            // Listens before it looks, so that nothing is missed in between.
            let was_read = self.was_read.notified();
            tokio::pin!(was_read);
            was_read.as_mut().enable();
            if self.is_empty() {
                return;
            }
            was_read.await;
        }
    }

    /// Waits until something can be read, if ever.
    pub async fn has_content(&self) {
        if self.ended.load(Ordering::Relaxed) || self.reader.readable().await.is_err() {
            std::future::pending().await
        }
    }

    /// Whether there is nothing to be read now.
    pub fn is_empty(&self) -> bool {
        let mut pipe = [PollFd::new(self.reader.as_fd(), PollFlags::POLLIN)];
        let looked = poll(&mut pipe, PollTimeout::ZERO);
        looked.is_err() || !pipe[0].revents().is_some_and(|events| events.contains(PollFlags::POLLIN))
    }

    /// Ends the component's stream. Returns the pipe for whoever reads on, unless it is at its end.
    pub fn take(&self) -> Option<Self> {
        let has_ended = self.ended.swap(true, Ordering::Relaxed);
        let rest = || Self { reader: Arc::clone(&self.reader), ended: Arc::default(), was_read: Arc::default() };
        (!has_ended).then(rest)
    }

    /// The end that is read, for another process.
    pub fn descriptor(&self) -> io::Result<OwnedFd> {
        self.reader.as_fd().try_clone_to_owned()
    }
}

#[cfg(target_os = "linux")]
fn enlarge(pipe: &PipeReader) {
    use nix::fcntl::{FcntlArg, fcntl};

    // A user who has many pipes is refused, and has one of the usual size.
    let _ = fcntl(pipe, FcntlArg::F_SETPIPE_SZ(CAPACITY as i32));
}

#[cfg(not(target_os = "linux"))]
fn enlarge(_: &PipeReader) {}

/// The component's stream of a pipe.
pub struct Stream {
    pipe: Pipe,
    flow: Arc<Flow>,
}

impl Stream {
    pub fn new(pipe: &Pipe, flow: &Arc<Flow>) -> Self {
        Self { pipe: pipe.clone(), flow: Arc::clone(flow) }
    }
}

#[async_trait]
impl Pollable for Stream {
    async fn ready(&mut self) {
        if !self.pipe.ended.load(Ordering::Relaxed) {
            // An error here comes up again when the stream is read.
            let _ = self.pipe.reader.readable().await;
        }
    }
}

#[async_trait]
impl InputStream for Stream {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        if self.pipe.ended.load(Ordering::Relaxed) {
            return Err(StreamError::Closed);
        }
        if size == 0 {
            return Ok(Bytes::new());
        }
        self.pipe.was_read.notify_waiters();
        let mut bytes = BytesMut::with_capacity(size.min(CAPACITY));
        match self.pipe.reader.try_read_buf(&mut bytes) {
            Ok(0) => {
                self.pipe.ended.store(true, Ordering::Relaxed);
                Err(StreamError::Closed)
            }
            Ok(read) => {
                self.flow.has_read(read);
                Ok(bytes.freeze())
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                Ok(Bytes::new())
            }
            Err(error) => Err(StreamError::LastOperationFailed(wasmtime::Error::msg(words::of(&error)))),
        }
    }
}

/// The most that is passed on at once, in bytes.
const PIECE: usize = 64 * 1024;

/// Passes on what comes out of `stream`, to its end. What nobody takes is read for the command's sake alone.
///
/// Nothing is lost when this is stopped: what was read has been written when it waits.
pub async fn pass_on(mut stream: Stream, mut output: Output) {
    loop {
        output.ready().await;
        stream.ready().await;
        let permitted = output.check_write().unwrap_or(PIECE);
        let Ok(bytes) = stream.read(permitted.min(PIECE)) else { return };
        let _ = output.write(bytes);
    }
}
