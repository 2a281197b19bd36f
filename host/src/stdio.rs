//! Where standard output and standard error go, written by threads.
//!
//! A write to a pipe whose reader has stopped waits, and there is no way around it: not to wait is a property of the
//! open file, which we share with whoever started us. So a thread waits, and nothing else does.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

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

/// Where a stream goes.
pub enum Sink {
    /// To an open file, such as what this process has inherited.
    File(File),
    /// To whatever a program that embeds us makes of it.
    Writer(Mutex<Box<dyn io::Write + Send>>),
}

struct Stream {
    sink: Sink,
    /// How long nothing may be taken until the stream is given up; for ever, if none.
    patience: Option<Duration>,
    progress: Mutex<Progress>,
    /// Told of every progress.
    changed: Notify,
}

#[derive(Default)]
struct Progress {
    /// Bytes that have not been written yet.
    waiting: usize,
    /// When the first of them became the next to be written.
    since: Option<Instant>,
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

/// Standard output and standard error of this process.
pub fn inherited() -> io::Result<[Sink; 2]> {
    let stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let stderr = File::from(io::stderr().as_fd().try_clone_to_owned()?);
    Ok([Sink::File(stdout), Sink::File(stderr)])
}

/// Standard output and standard error, as they lead to `sinks`. Where both lead to the same place, such as one log or one
/// terminal, one thread writes both, so that what comes first is written first.
///
/// A sink that takes nothing for `patience` is given up. What is written is counted in `flow`; of the component's own words,
/// no more than `own_words` bytes are taken.
pub fn streams(
    [stdout, stderr]: [Sink; 2],
    patience: Option<Duration>,
    flow: &Arc<Flow>,
    own_words: u64,
) -> io::Result<[Output; 2]> {
    let lead_to_the_same_place = match (&stdout, &stderr) {
        (Sink::File(stdout), Sink::File(stderr)) => identity(stdout)? == identity(stderr)?,
        _ => false,
    };
    let [stdout, mut stderr] = [stdout, stderr].map(|sink| Output::new(sink, patience, flow, own_words));
    if lead_to_the_same_place {
        stderr.writer = Arc::clone(&stdout.writer);
    }
    Ok([stdout, stderr])
}

/// What tells one file from another.
fn identity(file: &File) -> io::Result<(u64, u64)> {
    let metadata = file.metadata()?;
    Ok((metadata.dev(), metadata.ino()))
}

impl Sink {
    fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::File(file) => (&*file).write_all(bytes),
            Self::Writer(writer) => {
                let mut writer = lock(writer);
                writer.write_all(bytes)?;
                writer.flush()
            }
        }
    }
}

impl Output {
    fn new(sink: Sink, patience: Option<Duration>, flow: &Arc<Flow>, own_words: u64) -> Self {
        let stream = Stream { sink, patience, progress: Mutex::default(), changed: Notify::new() };
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
        {
            let mut progress = self.progress();
            progress.waiting += bytes.len();
            progress.since.get_or_insert_with(Instant::now);
        }
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
            tokio::select! {
                () = changed => {}
                () = self.out_of_patience() => self.give_up(),
            }
        }
    }

    /// Waits until nothing has been taken for too long, if that is a matter of time.
    async fn out_of_patience(&self) {
        let since = self.progress().since;
        match self.stream.patience.zip(since).and_then(|(patience, since)| since.checked_add(patience)) {
            Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
            None => std::future::pending().await,
        }
    }

    /// Waits for the sink no more.
    fn give_up(&self) {
        let mut progress = self.progress();
        progress.waiting = 0;
        progress.failure.get_or_insert(io::Error::other("its reader takes nothing"));
    }

    /// Lends `work` what another process can write to. What leads nowhere else than into this process, none can.
    pub fn with_descriptor<T>(&self, work: impl FnOnce(&File) -> io::Result<T>) -> io::Result<T> {
        match &self.stream.sink {
            Sink::File(file) => work(file),
            Sink::Writer(_) => Err(io::ErrorKind::Unsupported.into()),
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
        let written = if has_failed { Ok(()) } else { self.sink.write_all(bytes) };
        let mut progress = lock(&self.progress);
        progress.waiting = progress.waiting.saturating_sub(bytes.len());
        progress.since = (progress.waiting > 0).then(Instant::now);
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
        matches!(&self.stream.sink, Sink::File(file) if file.is_terminal())
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes nothing until somebody says so.
    struct Stuck(mpsc::Receiver<()>);

    impl io::Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn who_takes_nothing_is_waited_for_as_long_as_there_is_patience() {
        let (release, stuck) = mpsc::channel();
        let sinks = [Box::new(Stuck(stuck)) as Box<dyn io::Write + Send>, Box::new(io::sink())];
        let sinks = sinks.map(|writer| Sink::Writer(Mutex::new(writer)));
        let patience = Some(Duration::from_millis(50));
        let [mut stuck, mut open] = streams(sinks, patience, &Arc::default(), u64::MAX).expect("they are no files");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("it can be made");
        let write = |output: &mut Output| {
            output.write(Bytes::from_static(b"words")).expect("so much is permitted");
            runtime.block_on(output.settled());
            output.check_write().is_ok()
        };
        assert!(!write(&mut stuck) && write(&mut open));
        drop(release);
    }
}
