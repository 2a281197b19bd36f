//! A server on the loopback that talks as a test wants: wrongly, slowly, or not at all.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::watched::eventually;

/// How long either side of a conversation may be waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// An address that nobody listens at: its port is none of those that the system hands out.
pub const DESERTED: &str = "127.0.0.1:1";

/// The requests that a server has heard, each with its head and body.
#[derive(Clone, Default)]
pub struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    /// Reads one request. Its body is as long as its head says.
    pub fn listen(&self, stream: impl Read) -> io::Result<String> {
        let mut reader = BufReader::new(stream);
        let mut request = String::new();
        while !request.ends_with("\r\n\r\n") {
            if reader.read_line(&mut request)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let length = field(&request, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        reader.take(length).read_to_string(&mut request)?;
        self.0.lock().expect("no test panics while it listens").push(request.clone());
        Ok(request)
    }

    fn so_far(&self) -> Vec<String> {
        self.0.lock().expect("no test panics while it listens").clone()
    }
}

/// The value of a field in the head of a request.
pub fn field<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let fields = request.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(": "));
    fields.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// An answer as it is written on the wire.
pub fn answer(status: &str, fields: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{fields}\r\n{body}", body.len())
}

/// Waits until the other side hangs up.
pub fn wait_for_end(mut stream: impl Read) -> io::Result<()> {
    io::copy(&mut stream, &mut io::sink()).map(|_| ())
}

/// Writes `byte` again and again, slowly, until the other side hangs up.
pub fn trickle(mut stream: TcpStream, byte: u8) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_millis(50)))?;
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        stream.write_all(&[byte])?;
        match stream.read(&mut [0]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            _ => break,
        }
    }
    Ok(())
}

/// A running server. It takes one connection after the other, and stops when dropped.
pub struct Peer {
    address: SocketAddr,
    heard: Heard,
    ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Peer {
    /// A server that has each connection served by `talk`.
    pub fn start(talk: impl Fn(TcpStream, &Heard) -> io::Result<()> + Send + 'static) -> Self {
        Self::start_at(Ipv4Addr::LOCALHOST, talk)
    }

    /// The same at another address of this machine.
    pub fn start_at(
        address: impl Into<IpAddr>,
        talk: impl Fn(TcpStream, &Heard) -> io::Result<()> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind((address.into(), 0)).expect("a port is free at an address of ours");
        Self::start_on(listener, talk)
    }

    /// The same where somebody listens already.
    pub fn start_on(
        listener: TcpListener,
        talk: impl Fn(TcpStream, &Heard) -> io::Result<()> + Send + 'static,
    ) -> Self {
        let address = listener.local_addr().expect("the listener has an address");
        let (heard, ending) = (Heard::default(), Arc::new(AtomicBool::new(false)));
        let thread = thread::spawn({
            let (heard, ending) = (heard.clone(), Arc::clone(&ending));
            move || {
                for stream in listener.incoming().flatten() {
                    if ending.load(Ordering::Relaxed) {
                        break;
                    }
                    // The program may hang up whenever it likes: what becomes of it is checked elsewhere.
                    let _ = limited(stream).and_then(|stream| talk(stream, &heard));
                }
            }
        });
        Self { address, heard, ending, thread: Some(thread) }
    }

    /// A server that gives to every request the answer of a function.
    pub fn answering(answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        Self::answering_at(Ipv4Addr::LOCALHOST, answer)
    }

    /// The same at another address of this machine.
    pub fn answering_at(address: impl Into<IpAddr>, answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        Self::start_at(address, move |mut stream, heard| {
            let request = heard.listen(&stream)?;
            stream.write_all(answer(&request).as_bytes())
        })
    }

    /// A server that hears every request and then says nothing.
    pub fn silent() -> Self {
        Self::start(|stream, heard| {
            heard.listen(&stream)?;
            wait_for_end(&stream)
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far.
    pub fn heard(&self) -> Vec<String> {
        self.heard.so_far()
    }

    /// Waits for a request.
    pub fn wait_for_request(&self) {
        eventually("a request", || (!self.heard().is_empty()).then_some(()));
    }
}

fn limited(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
        // The listener looks whether it is to end at the next connection.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            // A panic while unwinding would abort all the tests.
            let _ = thread.join();
        }
    }
}

/// Leads `client` to the server at `target`: passes on what either says, until both have hung up.
pub fn lead_to(client: &TcpStream, target: SocketAddr) -> io::Result<()> {
    let server = limited(TcpStream::connect(target)?)?;
    thread::scope(|scope| {
        scope.spawn(|| pass_on(client, &server));
        pass_on(&server, client)
    })
}

fn pass_on(mut from: &TcpStream, mut to: &TcpStream) -> io::Result<()> {
    let passed = io::copy(&mut from, &mut to);
    to.shutdown(Shutdown::Write)?;
    passed.map(|_| ())
}
