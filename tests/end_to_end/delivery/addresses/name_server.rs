//! A name server that knows one name (RFC 1035).

use std::net::{Ipv4Addr, UdpSocket};
use std::thread;

/// Where resolvers expect it.
const PORT: u16 = 53;

/// How long the header of a message is, in bytes.
const HEADER: usize = 12;

/// Type A and class IN, as they end a question.
const ADDRESS: [u8; 4] = [0, 1, 0, 1];

/// This is an answer, and recursion is available; and the same for a name that does not exist.
const FOUND: [u8; 2] = [0x81, 0x80];
const NOT_FOUND: [u8; 2] = [0x81, 0x83];

/// Tells who asks on the loopback where `name` is, until this process ends.
pub fn start(name: &str, address: Ipv4Addr) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, PORT)).expect("the port is free in a network of our own");
    let labels = name.split('.').flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat());
    let name: Vec<u8> = labels.chain([0]).collect();
    thread::spawn(move || {
        let mut message = [0; 512];
        while let Ok((length, asker)) = socket.recv_from(&mut message) {
            let _ = socket.send_to(&answer(&message[..length], &name, address), asker);
        }
    });
}

fn answer(request: &[u8], name: &[u8], address: Ipv4Addr) -> Vec<u8> {
    let asked = &request[HEADER..];
    let end = asked.iter().position(|byte| *byte == 0).expect("a name ends with an empty label") + 1;
    let question = &asked[..end + ADDRESS.len()];
    let is_ours = &question[..end] == name;
    let answers = u8::from(is_ours && question.ends_with(&ADDRESS));
    let (id, result) = (&request[..2], if is_ours { FOUND } else { NOT_FOUND });
    let mut message = [id, &result, &[0, 1, 0, answers, 0, 0, 0, 0], question].concat();
    if answers > 0 {
        // The name that stands after the header, for no time at all, in four bytes.
        message
            .extend([0xc0, HEADER as u8].into_iter().chain(ADDRESS).chain([0, 0, 0, 0, 0, 4]).chain(address.octets()));
    }
    message
}
