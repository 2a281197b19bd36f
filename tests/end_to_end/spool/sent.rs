//! What servers were sent.

use serde_json::Value;

use crate::delivery::peer::Peer;
use crate::server::Server;

/// The events that a server was sent, in order.
pub fn events(server: &Server) -> Vec<Value> {
    events_after(server, 0)
}

/// The same without the first `number`.
pub fn events_after(server: &Server, number: usize) -> Vec<Value> {
    let event = |body: &[u8]| serde_json::from_slice(body).expect("an event is JSON");
    server.requests()[number..].iter().map(|request| event(&request.body)).collect()
}

/// The jobs of which a server was sent something, in order.
pub fn jobs(server: &Server) -> Vec<String> {
    events(server).iter().map(job_of).collect()
}

/// The jobs of which something was heard, in order, whatever the answer was.
pub fn jobs_heard(peer: &Peer) -> Vec<String> {
    events_heard(peer).iter().map(job_of).collect()
}

pub fn events_heard(peer: &Peer) -> Vec<Value> {
    let body = |request: &String| {
        let (_, body) = request.split_once("\r\n\r\n").expect("a request has a body");
        serde_json::from_str(body).expect("an event is JSON")
    };
    peer.heard().iter().map(body).collect()
}

pub fn job_of(event: &Value) -> String {
    event["aggregation_key"].as_str().expect("an event has a key").to_owned()
}
