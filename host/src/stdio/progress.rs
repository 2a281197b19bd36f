//! How far a stream has come: what has been written of it, and why nothing can be written any more.

use std::io;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use wasmtime_wasi::p2::{StreamError, StreamResult};

use super::lock;
use super::sink::Sink;
use crate::words;

/// The most that one write may be, in bytes.
pub const LARGEST_WRITE: usize = 256 * 1024;

/// One of the two streams, as those see it who write it.
pub struct Stream {
    pub sink: Sink,
    /// How long nothing may be taken until the stream is given up; for ever, if none.
    patience: Option<Duration>,
    progress: Mutex<Progress>,
    /// Told of every progress.
    changed: Notify,
}

#[derive(Default)]
pub struct Progress {
    /// Bytes that have not been written yet.
    pub waiting: usize,
    /// When the first of them became the next to be written.
    since: Option<Instant>,
    /// Whether the component waits until there are none.
    pub flushing: bool,
    /// Why nothing can be written any more.
    failure: Option<io::Error>,
}

impl Stream {
    pub fn new(sink: Sink, patience: Option<Duration>) -> Self {
        Self { sink, patience, progress: Mutex::default(), changed: Notify::new() }
    }

    pub fn progress(&self) -> MutexGuard<'_, Progress> {
        lock(&self.progress)
    }

    /// So many more bytes wait to be written.
    pub fn has_to_wait(&self, bytes: usize) {
        let mut progress = self.progress();
        progress.waiting += bytes;
        progress.since.get_or_insert_with(Instant::now);
    }

    /// So many of the bytes that waited do so no more: they have been written, or will never be.
    pub fn has_waited(&self, bytes: usize) {
        let mut progress = self.progress();
        progress.waiting = progress.waiting.saturating_sub(bytes);
        progress.since = (progress.waiting > 0).then(Instant::now);
        drop(progress);
        self.changed.notify_waiters();
    }

    /// Nothing can be written any more, and the first reason counts.
    pub fn has_failed(&self, reason: io::Error) {
        let mut progress = self.progress();
        progress.waiting = 0;
        progress.failure.get_or_insert(reason);
        drop(progress);
        self.changed.notify_waiters();
    }

    /// Waits until `reached` is true. Who takes nothing for longer than there is patience is given up.
    pub async fn until(&self, reached: impl Fn(&mut Progress) -> bool) {
        loop {
            // Listens before it looks, so that nothing is missed in between.
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if reached(&mut self.progress()) {
                return;
            }
            tokio::select! {
                () = changed => {}
                () = self.out_of_patience() => self.has_failed(io::Error::other("its reader takes nothing")),
            }
        }
    }

    /// Waits until nothing has been taken for too long, if that is a matter of time.
    async fn out_of_patience(&self) {
        let since = self.progress().since;
        match self.patience.zip(since).and_then(|(patience, since)| since.checked_add(patience)) {
            Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
            None => std::future::pending().await,
        }
    }
}

impl Progress {
    /// Whether everything has been written, or cannot be.
    pub fn is_settled(&self) -> bool {
        self.waiting == 0 || self.has_failed()
    }

    pub fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// How much may be written now: nothing while a flush goes on, or while more waits than `ahead`.
    pub fn permitted(&mut self, ahead: usize) -> StreamResult<usize> {
        if let Some(failure) = &self.failure {
            return Err(match failure.kind() {
                io::ErrorKind::BrokenPipe => StreamError::Closed,
                _ => StreamError::LastOperationFailed(wasmtime::Error::msg(words::of(failure))),
            });
        }
        self.flushing &= self.waiting > 0;
        Ok(if self.flushing || self.waiting > ahead { 0 } else { LARGEST_WRITE })
    }
}
