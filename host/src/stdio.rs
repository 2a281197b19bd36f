//! Our own standard output and standard error, written by a thread each.
//!
//! A write to a pipe whose reader has stopped waits, and there is no way around it: not to wait is a property of the
//! open file, which we share with whoever started us. So a thread waits, and nothing else does.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use tokio::sync::Notify;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

/// How much may wait for the thread, in bytes.
const CAPACITY: usize = 128 * 1024;

/// The most that one write may be.
const LARGEST_WRITE: usize = 64 * 1024;

/// One of the two streams, as the component gets it. Clones are the same stream.
#[derive(Clone)]
pub struct Output {
    shared: Arc<Shared>,
}

struct Shared {
    /// None until the thread is needed.
    queue: Mutex<Option<mpsc::Sender<Bytes>>>,
    file: File,
    progress: Mutex<Progress>,
    /// Told of every progress.
    changed: Notify,
}

#[derive(Default)]
struct Progress {
    /// Bytes that have not been written yet.
    waiting: usize,
    /// Whether the component waits until there are none.
    flushing: bool,
    /// Why nothing can be written any more.
    failure: Option<io::Error>,
}

impl Output {
    /// The stream that writes to `descriptor`.
    pub fn new(descriptor: OwnedFd) -> Self {
        let shared = Shared {
            queue: Mutex::new(None),
            file: File::from(descriptor),
            progress: Mutex::default(),
            changed: Notify::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        lock(&self.shared.progress)
    }

    /// Hands `bytes` to the thread, which is started with the first.
    fn send(&self, bytes: Bytes) -> io::Result<()> {
        let mut queue = lock(&self.shared.queue);
        let sender = match &mut *queue {
            Some(sender) => sender,
            none => {
                let (sender, receiver) = mpsc::channel();
                let shared = Arc::clone(&self.shared);
                std::thread::Builder::new().name("output".to_owned()).spawn(move || write_all(&shared, &receiver))?;
                none.insert(sender)
            }
        };
        sender.send(bytes).map_err(io::Error::other)
    }
}

/// What the thread does, until the stream is gone or fails.
fn write_all(shared: &Shared, queue: &mpsc::Receiver<Bytes>) {
    for bytes in queue {
        let written = (&shared.file).write_all(&bytes);
        let failed = written.is_err();
        let mut progress = lock(&shared.progress);
        progress.waiting -= bytes.len();
        if let Err(error) = written {
            progress.waiting = 0;
            progress.failure = Some(error);
        }
        drop(progress);
        shared.changed.notify_waiters();
        if failed {
            return;
        }
    }
}

/// A thread that panicked has left nothing half done here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Progress {
    /// How much may be written now; none while a flush goes on.
    fn permitted(&mut self) -> StreamResult<usize> {
        if let Some(failure) = &self.failure {
            return Err(match failure.kind() {
                io::ErrorKind::BrokenPipe => StreamError::Closed,
                _ => StreamError::LastOperationFailed(wasmtime::Error::msg(failure.to_string())),
            });
        }
        self.flushing &= self.waiting > 0;
        Ok(if self.flushing { 0 } else { CAPACITY.saturating_sub(self.waiting).min(LARGEST_WRITE) })
    }
}

#[async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {
        loop {
            // Listens before it looks, so that nothing is missed in between.
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.progress().permitted().map_or(true, |permitted| permitted > 0) {
                return;
            }
            changed.await;
        }
    }
}

#[async_trait]
impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let mut progress = self.progress();
        if bytes.len() > progress.permitted()? {
            return Err(StreamError::trap("more was written than permitted"));
        }
        if bytes.is_empty() {
            return Ok(());
        }
        progress.waiting += bytes.len();
        drop(progress);
        if let Err(error) = self.send(bytes) {
            let mut progress = self.progress();
            progress.waiting = 0;
            progress.failure.get_or_insert(error);
        }
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        let mut progress = self.progress();
        progress.flushing = true;
        progress.permitted().map(|_| ())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.progress().permitted()
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        self.shared.file.is_terminal()
    }
}

impl StdoutStream for Output {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        // WASI 0.3 would ask for it. The component is of WASI 0.2.
        Box::new(tokio::io::sink())
    }
}
