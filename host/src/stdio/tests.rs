use std::fs::File;
use std::io::{Read as _, Write as _, pipe};
use std::os::fd::OwnedFd;
use std::sync::mpsc;

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use super::*;

/// More than a pipe of the usual size holds, and not more than is permitted.
const MUCH: usize = 200_000;

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

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("it can be made")
}

/// Both streams into one pipe, the pipe's other end, and what the pipe shares with whoever started us.
fn into_one_pipe() -> ([Output; 2], File, File) {
    let (reader, writer) = pipe().expect("it can be made");
    let shared = File::from(OwnedFd::from(writer));
    let sinks = [(); 2].map(|()| Sink::File(shared.try_clone().expect("it can be cloned")));
    let outputs = streams(sinks, None, &Arc::default(), u64::MAX).expect("it can be looked at");
    (outputs, File::from(OwnedFd::from(reader)), shared)
}

fn flags(file: &File) -> OFlag {
    OFlag::from_bits_retain(fcntl(file, FcntlArg::F_GETFL).expect("it is open"))
}

#[test]
fn who_takes_nothing_is_waited_for_as_long_as_there_is_patience() {
    let (release, stuck) = mpsc::channel();
    let sinks = [Box::new(Stuck(stuck)) as Box<dyn io::Write + Send>, Box::new(io::sink())];
    let sinks = sinks.map(|writer| Sink::Writer(Mutex::new(writer)));
    let patience = Some(Duration::from_millis(50));
    let [stuck, open] = streams(sinks, patience, &Arc::default(), u64::MAX).expect("they are no files");
    let runtime = runtime();
    let write = |output: &Output| {
        output.write(Bytes::from_static(b"words")).expect("so much is permitted");
        runtime.block_on(output.settled());
        output.check_write().is_ok()
    };
    assert!(!write(&stuck) && write(&open));
    drop(release);
}

#[test]
fn a_full_pipe_is_not_waited_for_and_keeps_the_order_of_both_streams() {
    let ([stdout, stderr], mut reader, shared) = into_one_pipe();
    drop(shared);
    runtime().block_on(async {
        stdout.write_from(&[b'x'; MUCH]).expect("so much is permitted");
        stderr.write_from(b"error").expect("so much is permitted");
        assert!(!stdout.is_settled() && !stderr.is_settled());
        assert_eq!(stdout.check_write().expect("it can be written"), 0);
        let read = std::thread::spawn(move || {
            let mut read = vec![0; MUCH + b"error".len()];
            reader.read_exact(&mut read).expect("so much was written");
            read
        });
        stdout.ready().await;
        stdout.settled().await;
        stderr.settled().await;
        assert_eq!(read.join().expect("it does not fail"), [[b'x'; MUCH].as_slice(), b"error"].concat());
    });
}

#[test]
fn what_we_share_of_a_pipe_stays_as_it_was() {
    let ([stdout, _stderr], mut reader, mut shared) = into_one_pipe();
    let before = flags(&shared);
    runtime().block_on(async {
        stdout.write_from(&[b'x'; MUCH]).expect("so much is permitted");
        assert!(!stdout.is_settled());
        assert_eq!(flags(&shared), before);
        let read = std::thread::spawn(move || {
            let mut read = Vec::new();
            reader.read_to_end(&mut read).map(|_| read.len()).expect("it can be read")
        });
        stdout.settled().await;
        assert_eq!(flags(&shared), before);
        // Whoever shares it goes on writing to it.
        shared.write_all(b"more").expect("it is open");
        drop((stdout, _stderr, shared));
        assert_eq!(read.join().expect("it does not fail"), MUCH + b"more".len());
    });
}

#[test]
fn a_reader_that_goes_away_while_it_is_waited_for_is_noticed() {
    let ([stdout, stderr], reader, _shared) = into_one_pipe();
    runtime().block_on(async {
        stdout.write_from(&[b'x'; MUCH]).expect("so much is permitted");
        stderr.write_from(b"error").expect("so much is permitted");
        drop(reader);
        for output in [stdout, stderr] {
            output.settled().await;
            assert!(matches!(output.check_write(), Err(StreamError::Closed)));
        }
    });
}

#[test]
fn a_thread_has_work_while_more_comes() {
    let mut file = tempfile::tempfile().expect("it can be made");
    let sinks = [(); 2].map(|()| Sink::File(file.try_clone().expect("it can be cloned")));
    let [stdout, stderr] = streams(sinks, None, &Arc::default(), u64::MAX).expect("it can be looked at");
    runtime().block_on(async {
        let mut expected = Vec::new();
        for number in 0..200_u8 {
            for (output, bytes) in [(&stdout, [number; 50_000].as_slice()), (&stderr, b"error")] {
                output.ready().await;
                output.write_from(bytes).expect("so much is permitted");
                expected.extend_from_slice(bytes);
            }
        }
        stdout.settled().await;
        stderr.settled().await;
        let mut written = Vec::new();
        io::Seek::rewind(&mut file).expect("it is a file");
        file.read_to_end(&mut written).expect("it can be read");
        assert!(written == expected);
    });
}
