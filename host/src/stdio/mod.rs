//! Standard output and standard error, as the component gets them, and as this program writes to them itself.

mod progress;
mod sink;
mod writer;

use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use crate::flow::Flow;
use progress::Stream;
pub use sink::{Sink, inherited};
use writer::Writer;

/// How much may wait for a slow reader, in bytes, if that is not left to the component.
const CAPACITY: usize = 512 * 1024;

/// One of the two streams, as the component gets it. Clones are the same stream.
#[derive(Clone)]
pub struct Output {
    stream: Arc<Stream>,
    writer: Writer,
    flow: Arc<Flow>,
    /// How much may be written besides what the command prints, in bytes.
    own_words: u64,
    /// How much may wait when more is to be written, at least, in bytes.
    ahead: usize,
}

/// A stream as a component holds it.
pub struct Lent(Arc<Output>);

impl Lent {
    /// The stream, as long as the component holds it.
    pub fn output(&self) -> Weak<Output> {
        Arc::downgrade(&self.0)
    }
}

/// Standard output and standard error, as they lead to `sinks`. Where both lead to the same place, such as one log or one
/// terminal, one writer writes both, so that what comes first is written first.
///
/// A sink that takes nothing for `patience` is given up. What is written is counted in `flow`; of the component's own words,
/// no more than `own_words` bytes are taken.
pub fn streams(
    [stdout, stderr]: [Sink; 2],
    patience: Option<Duration>,
    flow: &Arc<Flow>,
    own_words: u64,
) -> io::Result<[Output; 2]> {
    let place = stdout.identity()?;
    let lead_to_the_same_place = place.is_some() && place == stderr.identity()?;
    let [stdout, mut stderr] = [stdout, stderr].map(|sink| Output::new(sink, patience, flow, own_words));
    if lead_to_the_same_place {
        stderr.writer = stdout.writer.clone();
    }
    Ok([stdout, stderr])
}

impl Output {
    fn new(sink: Sink, patience: Option<Duration>, flow: &Arc<Flow>, own_words: u64) -> Self {
        let stream = Stream::new(sink, patience);
        Self { stream: Arc::new(stream), writer: Writer::default(), flow: Arc::clone(flow), own_words, ahead: 0 }
    }

    /// The same stream for whoever stands in for the component: without a limit of words, and with room for what the
    /// component would have kept for a slow reader.
    pub fn unlimited(&self) -> Self {
        Self { own_words: u64::MAX, ahead: CAPACITY, ..self.clone() }
    }

    /// Whether everything has been written, or cannot be.
    pub fn is_settled(&self) -> bool {
        self.stream.progress().is_settled()
    }

    /// Waits until everything has been written, or cannot be.
    pub async fn settled(&self) {
        self.stream.until(|progress| progress.is_settled()).await;
    }

    /// Writes a line of this program's own, unless so much waits that nobody seems to take it.
    pub fn say(&self, message: &str) {
        let line = Bytes::from(format!("dogwrap: {message}\n"));
        if self.stream.progress().waiting + line.len() <= CAPACITY {
            self.put(&line, |taken| line.slice(taken..));
        }
    }

    /// The stream as a component holds it.
    pub fn lend(&self) -> Lent {
        Lent(Arc::new(self.clone()))
    }

    /// Waits until something may be written.
    pub async fn ready(&self) {
        let ahead = self.ahead();
        self.stream.until(|progress| progress.permitted(ahead).map_or(true, |permitted| permitted > 0)).await;
    }

    /// How much may be written now, in bytes.
    pub fn check_write(&self) -> StreamResult<usize> {
        self.stream.progress().permitted(self.ahead())
    }

    fn ahead(&self) -> usize {
        self.writer.ahead().max(self.ahead)
    }

    /// Permits no more until everything has been written.
    fn flush(&self) -> StreamResult<()> {
        let mut progress = self.stream.progress();
        progress.flushing = true;
        progress.permitted(self.ahead()).map(|_| ())
    }

    /// Writes `bytes`, as many as are permitted.
    pub fn write(&self, bytes: Bytes) -> StreamResult<()> {
        self.count(bytes.len())?;
        self.put(&bytes, |taken| bytes.slice(taken..));
        Ok(())
    }

    /// The same, and copies only what is not taken at once.
    pub fn write_from(&self, bytes: &[u8]) -> StreamResult<()> {
        self.count(bytes.len())?;
        self.put(bytes, |taken| self.writer.copy(&bytes[taken..]));
        Ok(())
    }

    /// Sees that so many bytes are permitted.
    fn count(&self, bytes: usize) -> StreamResult<()> {
        if bytes > self.check_write()? {
            return Err(StreamError::trap("more was written than permitted"));
        }
        self.flow.has_written(bytes);
        if self.flow.own_words() > self.own_words {
            return Err(StreamError::trap("it has written too much that the command did not print"));
        }
        Ok(())
    }

    /// Writes `bytes`, of which `rest` gives those that are not taken at once.
    fn put(&self, bytes: &[u8], rest: impl FnOnce(usize) -> Bytes) {
        let taken = self.writer.write(&self.stream, bytes);
        if taken < bytes.len() {
            self.writer.queue(&self.stream, rest(taken));
        }
    }

    /// Lends `work` what another process can write to. What leads nowhere else than into this process, none can.
    pub fn with_descriptor<T>(&self, work: impl FnOnce(&File) -> io::Result<T>) -> io::Result<T> {
        match &self.stream.sink {
            Sink::File(file) => work(file),
            Sink::Writer(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

/// A thread that panicked has left nothing half done here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Pollable for Lent {
    async fn ready(&mut self) {
        self.0.ready().await;
    }
}

#[async_trait]
impl OutputStream for Lent {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.0.flush()
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.0.check_write()
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        matches!(&self.stream.sink, Sink::File(file) if file.is_terminal())
    }
}

impl StdoutStream for Output {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.lend())
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        // WASI 0.3 would ask for it. The component is of WASI 0.2.
        Box::new(tokio::io::sink())
    }
}

#[cfg(test)]
mod tests;
