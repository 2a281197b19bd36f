//! What writes to a place: at once as much as it takes, and the rest as soon as it takes more.
//!
//! Where a write may wait, a thread waits, and nothing else does.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileTypeExt;
use std::sync::{Arc, Mutex, OnceLock, mpsc};

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::net::unix::pipe::Sender;

use super::lock;
use super::progress::{LARGEST_WRITE, Stream};
use super::sink::Sink;

/// What writes to one place, for one stream or for both. How is seen when there is something to write.
#[derive(Clone, Default)]
pub struct Writer(Arc<Inner>);

#[derive(Default)]
struct Inner {
    way: OnceLock<Way>,
    spare: Arc<Spare>,
}

/// How a place is written to.
enum Way {
    /// Nothing waits.
    AtOnce(Arc<AtOnce>),
    /// A thread waits.
    Thread(Thread),
}

/// What is to be written, and of which stream.
struct Write {
    stream: Arc<Stream>,
    bytes: Bytes,
}

impl Writer {
    /// Writes of `bytes`, which are of `stream`, what is taken now, and returns how much that was: nothing while others wait.
    /// What fails, `stream` is told. To be called in asynchronous code, unless the stream leads to no file.
    pub fn write(&self, stream: &Stream, bytes: &[u8]) -> usize {
        match self.way(stream) {
            Way::AtOnce(place) => place.write(stream, bytes),
            Way::Thread(_) => 0,
        }
    }

    /// Has `bytes` of `stream` written after everything else that waits.
    pub fn queue(&self, stream: &Arc<Stream>, bytes: Bytes) {
        stream.has_to_wait(bytes.len());
        let write = Write { stream: Arc::clone(stream), bytes };
        match self.way(stream) {
            Way::AtOnce(place) => place.queue(write),
            Way::Thread(thread) => thread.queue(write),
        }
    }

    /// A copy of `bytes` that can wait, in memory that is used again.
    pub fn copy(&self, bytes: &[u8]) -> Bytes {
        self.0.spare.copy(bytes)
    }

    /// How much may wait when more is to be written, in bytes. A thread is to have work while more comes; otherwise whoever
    /// writes had better wait, since what waits here has been copied.
    pub fn ahead(&self) -> usize {
        match self.0.way.get() {
            Some(Way::Thread(_)) => LARGEST_WRITE,
            Some(Way::AtOnce(_)) | None => 0,
        }
    }

    fn way(&self, stream: &Stream) -> &Way {
        self.0.way.get_or_init(|| Way::to(&stream.sink, &self.0.spare))
    }
}

impl Way {
    fn to(sink: &Sink, spare: &Arc<Spare>) -> Self {
        match sink.without_waiting().map(|file| AtOnce::new(file, spare)) {
            Some(Ok(place)) => Self::AtOnce(Arc::new(place)),
            Some(Err(_)) | None => Self::Thread(Thread { spare: Arc::clone(spare), ..Thread::default() }),
        }
    }
}

/// A place on which a write never waits.
struct AtOnce {
    file: File,
    /// Tells when more is taken; none of the null device, which takes everything.
    pipe: Option<Sender>,
    /// What was not taken at once. As long as there is something, a task writes it.
    waiting: Mutex<VecDeque<Write>>,
    spare: Arc<Spare>,
}

impl AtOnce {
    fn new(file: File, spare: &Arc<Spare>) -> io::Result<Self> {
        let is_pipe = file.metadata()?.file_type().is_fifo();
        let pipe = is_pipe.then(|| file.try_clone().and_then(Sender::from_file)).transpose()?;
        Ok(Self { file, pipe, waiting: Mutex::default(), spare: Arc::clone(spare) })
    }

    fn write(&self, stream: &Stream, bytes: &[u8]) -> usize {
        if !lock(&self.waiting).is_empty() {
            return 0;
        }
        write_now(stream, bytes, |bytes| (&self.file).write(bytes))
    }

    fn queue(self: &Arc<Self>, write: Write) {
        let mut waiting = lock(&self.waiting);
        if waiting.is_empty() {
            tokio::spawn(Arc::clone(self).write_on());
        }
        waiting.push_back(write);
    }

    /// Writes what waits, whenever more of it is taken.
    async fn write_on(self: Arc<Self>) {
        loop {
            if let Some(pipe) = &self.pipe {
                // An error here comes up again when something is written.
                let _ = pipe.writable().await;
            }
            let mut waiting = lock(&self.waiting);
            while let Some(Write { stream, bytes }) = waiting.front_mut() {
                let taken = write_now(stream, bytes, |bytes| match &self.pipe {
                    Some(pipe) => pipe.try_write(bytes),
                    None => (&self.file).write(bytes),
                });
                bytes.advance(taken);
                stream.has_waited(taken);
                if !bytes.is_empty() {
                    break;
                }
                if let Some(write) = waiting.pop_front() {
                    self.spare.put_back(write.bytes);
                }
            }
            if waiting.is_empty() {
                return;
            }
        }
    }
}

/// Writes of `bytes` what `write` takes now, and returns how much that was. All of it is done with once `stream` has failed.
fn write_now(stream: &Stream, bytes: &[u8], write: impl Fn(&[u8]) -> io::Result<usize>) -> usize {
    let mut rest = bytes;
    while !rest.is_empty() && !stream.progress().has_failed() {
        match write(rest) {
            Ok(taken) => rest = &rest[taken..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return bytes.len() - rest.len(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => stream.has_failed(error),
        }
    }
    bytes.len()
}

/// The thread that writes, once there is something to write.
#[derive(Default)]
struct Thread {
    queue: Mutex<Option<mpsc::Sender<Write>>>,
    spare: Arc<Spare>,
}

impl Thread {
    /// Hands `write` to the thread, which is started with the first.
    fn queue(&self, write: Write) {
        let stream = Arc::clone(&write.stream);
        if let Err(error) = self.send(write) {
            stream.has_failed(error);
        }
    }

    fn send(&self, write: Write) -> io::Result<()> {
        let mut queue = lock(&self.queue);
        let sender = match &mut *queue {
            Some(sender) => sender,
            none => {
                let (sender, receiver) = mpsc::channel::<Write>();
                let spare = Arc::clone(&self.spare);
                let work = move || {
                    for write in receiver {
                        write.finish();
                        spare.put_back(write.bytes);
                    }
                };
                std::thread::Builder::new().name("output".to_owned()).spawn(work)?;
                none.insert(sender)
            }
        };
        sender.send(write).map_err(io::Error::other)
    }
}

impl Write {
    /// Writes it, however long that takes; or nothing, once the stream has failed.
    fn finish(&self) {
        let has_failed = self.stream.progress().has_failed();
        let written = if has_failed { Ok(()) } else { self.stream.sink.write_all(&self.bytes) };
        match written {
            Ok(()) => self.stream.has_waited(self.bytes.len()),
            Err(error) => self.stream.has_failed(error),
        }
    }
}

/// Memory for copies, which is used again: to have so much of it from the system each time takes longer than to copy.
#[derive(Default)]
struct Spare(Mutex<Vec<BytesMut>>);

impl Spare {
    /// How many copies there are at a time: one is written, one waits, and one is made.
    const NUMBER: usize = 3;

    fn copy(&self, bytes: &[u8]) -> Bytes {
        let mut copy = lock(&self.0).pop().unwrap_or_default();
        copy.extend_from_slice(bytes);
        copy.freeze()
    }

    fn put_back(&self, bytes: Bytes) {
        let mut spare = lock(&self.0);
        if spare.len() < Self::NUMBER
            && let Ok(mut bytes) = bytes.try_into_mut()
        {
            bytes.clear();
            spare.push(bytes);
        }
    }
}
