//! Opens a socket of its own.

use std::io::Write;
use std::net::TcpStream;

use dogwrap_guests::{run, variable};

fn main() {
    let connected = TcpStream::connect(variable("DD_OTHER"));
    println!("{:?}", connected.and_then(|mut stream| stream.write_all(b"secret")));
    run()
}
