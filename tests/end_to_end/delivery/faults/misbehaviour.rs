//! How servers misbehave.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use crate::delivery::peer::{Heard, answer, field, trickle, wait_for_end};

/// What a server does with a connection.
pub type Talk = Box<dyn Fn(TcpStream, &Heard) -> io::Result<()> + Send>;

/// How much is written by who writes without an end: far more than is to be taken.
const NO_END: usize = 64 * 1024 * 1024;

/// Answers each request with a status, and with `fields` in the head.
pub fn answering(status: &str, fields: &str) -> Talk {
    saying(answer(status, fields, ""))
}

/// Answers each request with `words`, be they what they may, and hangs up.
pub fn saying(words: impl Into<String>) -> Talk {
    let words = words.into();
    Box::new(move |mut stream, heard| {
        heard.listen(&stream)?;
        stream.write_all(words.as_bytes())
    })
}

/// Never says anything, nor listens.
pub fn hanging() -> Talk {
    Box::new(|stream, _| wait_for_end(&stream))
}

/// Begins an answer with `beginning`, and goes on slowly for as long as the other side listens.
pub fn trickling(beginning: &'static str) -> Talk {
    Box::new(move |mut stream, heard| {
        heard.listen(&stream)?;
        stream.write_all(beginning.as_bytes())?;
        trickle(stream, b'x')
    })
}

/// The same, as fast as possible.
pub fn endless(beginning: &'static str) -> Talk {
    Box::new(move |mut stream, heard| {
        heard.listen(&stream)?;
        stream.write_all(beginning.as_bytes())?;
        io::copy(&mut io::repeat(b'x').take(NO_END as u64), &mut stream).map(|_| ())
    })
}

/// Begins an answer with `beginning`, and resets the connection.
pub fn resetting(beginning: &'static str) -> Talk {
    Box::new(move |mut stream, _| {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            head.extend(byte);
        }
        // What is closed before everything is read is reset: all but a byte is read, so that the request has been sent.
        let length = field(&String::from_utf8_lossy(&head), "content-length").and_then(|length| length.parse().ok());
        stream.read_exact(&mut vec![0; length.unwrap_or(1) - 1])?;
        stream.write_all(beginning.as_bytes())
    })
}

/// Answers in the open to whoever asks for a secure connection.
pub fn without_tls() -> Talk {
    Box::new(|mut stream, _| {
        stream.write_all(answer("400 Bad Request", "", "").as_bytes())?;
        wait_for_end(&stream)
    })
}
