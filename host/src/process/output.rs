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
use wasmtime_wasi::p2::{InputStream, Pollable, StreamError, StreamResult};

use crate::flow::Flow;
use crate::stdio::Output;
use crate::words;

/// What a pipe holds when it is made, in bytes.
const USUAL_CAPACITY: usize = 64 * 1024;

/// What a pipe is made to hold once it has been found full, and the most that is read at once, in bytes: whoever prints much
/// is woken, and wakes us, a quarter as often. All pipes of a user together may hold only so much, and a command that
/// prints little is not to take of it.
const CAPACITY: usize = 256 * 1024;

/// The end of a pipe that we read. It outlives the component's stream: a pipe is never closed on who writes to it.
#[derive(Clone)]
pub struct Pipe {
    reader: Arc<Receiver>,
    /// Whether the component's stream has ended: at the end of the pipe, or because the pipe was handed over.
    ended: Arc<AtomicBool>,
    /// Told of every read.
    was_read: Arc<Notify>,
    /// Whether it holds more than the usual, or cannot.
    is_large: Arc<AtomicBool>,
}

impl Pipe {
    pub fn new(reader: PipeReader) -> io::Result<Self> {
        Ok(Self {
            reader: Arc::new(Receiver::from_owned_fd(OwnedFd::from(reader))?),
            ended: Arc::default(),
            was_read: Arc::default(),
            is_large: Arc::default(),
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
        let rest = || Self { ended: Arc::default(), was_read: Arc::default(), ..self.clone() };
        (!has_ended).then(rest)
    }

    /// The end that is read, for another process.
    pub fn descriptor(&self) -> io::Result<OwnedFd> {
        self.reader.as_fd().try_clone_to_owned()
    }
}

/// Has a pipe hold more, of a command that prints much.
#[cfg(target_os = "linux")]
fn enlarge(pipe: &Receiver) {
    use nix::fcntl::{FcntlArg, fcntl};

    // A user who has many pipes is refused, and has one of the usual size.
    let _ = fcntl(pipe, FcntlArg::F_SETPIPE_SZ(CAPACITY as i32));
}

#[cfg(not(target_os = "linux"))]
fn enlarge(_: &Receiver) {}

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
        let capacity = if self.pipe.is_large.load(Ordering::Relaxed) { CAPACITY } else { USUAL_CAPACITY };
        let mut bytes = BytesMut::with_capacity(size.min(capacity));
        match self.pipe.reader.try_read_buf(&mut bytes) {
            Ok(0) => {
                self.pipe.ended.store(true, Ordering::Relaxed);
                Err(StreamError::Closed)
            }
            Ok(read) => {
                self.flow.has_read(read);
                if read >= USUAL_CAPACITY && !self.pipe.is_large.swap(true, Ordering::Relaxed) {
                    enlarge(&self.pipe.reader);
                }
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
pub async fn pass_on(mut stream: Stream, output: Output) {
    loop {
        output.ready().await;
        stream.ready().await;
        let permitted = output.check_write().unwrap_or(PIECE);
        let Ok(bytes) = stream.read(permitted.min(PIECE)) else { return };
        let _ = output.write(bytes);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::{Write as _, pipe};

    use nix::fcntl::{FcntlArg, fcntl};

    use super::*;

    #[tokio::test]
    async fn a_pipe_holds_more_once_it_has_been_full() {
        let (reader, mut writer) = pipe().expect("it can be made");
        let holds = |writer: &io::PipeWriter| fcntl(writer, FcntlArg::F_GETPIPE_SZ).expect("it is a pipe");
        let usual = holds(&writer);
        if usual as usize != USUAL_CAPACITY {
            return eprintln!("SKIPPED: a pipe holds {usual} bytes here, as for a user who has many of them");
        }
        let pipe = Pipe::new(reader).expect("it is a pipe");
        let mut stream = Stream::new(&pipe, &Arc::default());
        for (bytes, then_holds) in [(1, USUAL_CAPACITY), (USUAL_CAPACITY, CAPACITY), (CAPACITY, CAPACITY)] {
            writer.write_all(&vec![b'x'; bytes]).expect("the pipe holds it");
            stream.ready().await;
            assert_eq!(stream.read(usize::MAX).expect("something can be read").len(), bytes);
            assert_eq!(holds(&writer) as usize, then_holds, "after {bytes} bytes");
        }
    }
}
