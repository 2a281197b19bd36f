//! What the command printed, read from where the invocation says it is.

use std::fs::File;
use std::io::{self, Read};

use crate::adapters::state::explain;
use crate::capture::Capture;
use crate::command_line::Output;
use crate::listing::printable;

/// How much is read at once, in bytes.
const PIECE: usize = 64 * 1024;

/// Reads one stream to its end, into bounded memory. The error says what is missing, in words for people; what was read
/// until then counts.
pub fn read(output: &Output) -> (Capture, Result<(), String>) {
    let mut capture = Capture::default();
    let result = match output {
        Output::StandardInput => read_all(io::stdin().lock(), &mut capture)
            .map_err(|error| format!("standard input cannot be read: {}", explain(&error))),
        Output::File(path) => open(path)
            .and_then(|file| read_all(file, &mut capture))
            .map_err(|error| format!("'{}' cannot be read: {}", printable(path), explain(&error))),
    };
    (capture, result)
}

/// Opens what is a file: a named pipe would be waited for.
fn open(path: &str) -> io::Result<File> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    File::open(path)
}

fn read_all(mut source: impl Read, capture: &mut Capture) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        match source.read(&mut piece)? {
            0 => return Ok(()),
            length => capture.push(&piece[..length]),
        }
    }
}
