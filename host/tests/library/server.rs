//! A server on the loopback that stands for the API, and tells of every event that it accepts.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};

use serde_json::Value;
use tiny_http::Response;

use crate::support::PATIENCE;

/// A running server; it stops when dropped.
pub struct Server {
    listener: Arc<tiny_http::Server>,
    events: Receiver<Value>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start() -> Self {
        let listener = Arc::new(tiny_http::Server::http("127.0.0.1:0").expect("a loopback port is free"));
        let (tell, events) = channel();
        let thread = thread::spawn({
            let listener = Arc::clone(&listener);
            move || {
                for mut request in listener.incoming_requests() {
                    let event = serde_json::from_reader(request.as_reader()).expect("the body is JSON");
                    // Whoever has asked may be gone by now, and so may the test.
                    let _ = request.respond(Response::from_string("{}").with_status_code(202));
                    let _ = tell.send(event);
                }
            }
        });
        Self { listener, events, thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.listener.server_addr())
    }

    /// The next event, which is on its way.
    pub fn event(&self) -> Value {
        self.events.recv_timeout(PATIENCE).expect("an event comes")
    }

    /// All events that have come and were not asked for yet.
    pub fn events(&self) -> Vec<Value> {
        self.events.try_iter().collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listener.unblock();
        if let Some(thread) = self.thread.take() {
            // A panic while unwinding would abort all the tests.
            let _ = thread.join();
        }
    }
}

/// A server that takes connections and never answers; its address.
pub fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
    let url = format!("http://{}", listener.local_addr().expect("it has an address"));
    (listener, url)
}
