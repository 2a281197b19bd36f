//! Our own standard output and standard error, written by threads.
//!
//! A write to a pipe whose reader has stopped waits, and there is no way around it: not to wait is a property of the
//! open file, which we share with whoever started us. So a thread waits, and nothing else does.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use tokio::sync::Notify;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use crate::flow::Flow;
use crate::words;

/// How much may wait for the thread, in bytes.
const CAPACITY: usize = 512 * 1024;

/// The most that one write may be.
const LARGEST_WRITE: usize = 256 * 1024;

/// One of the two streams, as the component gets it. Clones are the same stream.
#[derive(Clone)]
pub struct Output {
    stream: Arc<Stream>,
    writer: Arc<Writer>,
    flow: Arc<Flow>,
    /// How much may be written besides what the command prints, in bytes.
    own_words: u64,
}

struct Stream {
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

/// The thread that writes, once there is something to write.
#[derive(Default)]
struct Writer {
    queue: Mutex<Option<mpsc::Sender<Write>>>,
}

/// What the thread is to write, and where.
struct Write {
    stream: Arc<Stream>,
    bytes: Bytes,
}

/// Standard output and standard error. Where both lead to the same place, such as one log or one terminal, one thread
/// writes both, so that what comes first is written first.
///
/// What is written is counted in `flow`; of the component's own words, no more than `own_words` bytes are taken.
pub fn streams(flow: &Arc<Flow>, own_words: u64) -> io::Result<[Output; 2]> {
    let stdout = Output::new(File::from(io::stdout().as_fd().try_clone_to_owned()?), flow, own_words);
    let mut stderr = Output::new(File::from(io::stderr().as_fd().try_clone_to_owned()?), flow, own_words);
    if identity(&stdout.stream.file)? == identity(&stderr.stream.file)? {
        stderr.writer = Arc::clone(&stdout.writer);
    }
    Ok([stdout, stderr])
}

/// What tells one file from another.
fn identity(file: &File) -> io::Result<(u64, u64)> {
    let metadata = file.metadata()?;
    Ok((metadata.dev(), metadata.ino()))
}

impl Output {
    fn new(file: File, flow: &Arc<Flow>, own_words: u64) -> Self {
        let stream = Stream { file, progress: Mutex::default(), changed: Notify::new() };
        Self { stream: Arc::new(stream), writer: Arc::default(), flow: Arc::clone(flow), own_words }
    }

    /// The same stream without a limit of words, for whoever stands in for the component.
    pub fn unlimited(&self) -> Self {
        Self { own_words: u64::MAX, ..self.clone() }
    }

    /// Whether everything has been written, or cannot be.
    pub fn is_settled(&self) -> bool {
        let progress = self.progress();
        progress.waiting == 0 || progress.failure.is_some()
    }

    /// Waits until everything has been written, or cannot be.
    pub async fn settled(&self) {
        self.until(|progress| progress.waiting == 0 || progress.failure.is_some()).await;
    }

    /// Writes a line of this program's own, unless so much waits that nobody seems to take it.
    pub fn say(&self, message: &str) {
        let line = Bytes::from(format!("dogwrap: {message}\n"));
        if self.progress().waiting + line.len() <= CAPACITY {
            self.queue(line);
        }
    }

    /// Has `bytes` written after everything else that waits.
    fn queue(&self, bytes: Bytes) {
        self.progress().waiting += bytes.len();
        if let Err(error) = self.writer.send(&self.stream, bytes) {
            let mut progress = self.progress();
            progress.waiting = 0;
            progress.failure.get_or_insert(error);
        }
    }

    async fn until(&self, reached: impl Fn(&mut Progress) -> bool) {
        loop {
            // Listens before it looks, so that nothing is missed in between.
            let changed = self.stream.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if reached(&mut self.progress()) {
                return;
            }
            changed.await;
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        lock(&self.stream.progress)
    }
}

impl Writer {
    /// Hands `bytes` to the thread, which is started with the first.
    fn send(&self, stream: &Arc<Stream>, bytes: Bytes) -> io::Result<()> {
        let mut queue = lock(&self.queue);
        let sender = match &mut *queue {
            Some(sender) => sender,
            none => {
                let (sender, receiver) = mpsc::channel::<Write>();
                let write = move || receiver.into_iter().for_each(|write| write.stream.write_all(&write.bytes));
                std::thread::Builder::new().name("output".to_owned()).spawn(write)?;
                none.insert(sender)
            }
        };
        sender.send(Write { stream: Arc::clone(stream), bytes }).map_err(io::Error::other)
    }
}

impl Stream {
    /// What the thread does with `bytes`: nothing, once the stream has failed.
    fn write_all(&self, bytes: &[u8]) {
        let has_failed = lock(&self.progress).failure.is_some();
        let written = if has_failed { Ok(()) } else { (&self.file).write_all(bytes) };
        let mut progress = lock(&self.progress);
        progress.waiting = progress.waiting.saturating_sub(bytes.len());
        if let Err(error) = written {
            progress.failure = Some(error);
        }
        drop(progress);
        self.changed.notify_waiters();
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
                _ => StreamError::LastOperationFailed(wasmtime::Error::msg(words::of(failure))),
            });
        }
        self.flushing &= self.waiting > 0;
        Ok(if self.flushing { 0 } else { CAPACITY.saturating_sub(self.waiting).min(LARGEST_WRITE) })
    }
}

#[async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {
        self.until(|progress| progress.permitted().map_or(true, |permitted| permitted > 0)).await;
    }
}

#[async_trait]
impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if bytes.len() > self.progress().permitted()? {
            return Err(StreamError::trap("more was written than permitted"));
        }
        if bytes.is_empty() {
            return Ok(());
        }
        self.flow.has_written(bytes.len());
        if self.flow.own_words() > self.own_words {
            return Err(StreamError::trap("it has written too much that the command did not print"));
        }
        self.queue(bytes);
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
        self.stream.file.is_terminal()
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
