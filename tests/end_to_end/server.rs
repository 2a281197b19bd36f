//! An HTTP server on the loopback that records what it is sent.

use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use tiny_http::{Header, Method, Response};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// The path with its query; for `CONNECT` the authority.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What the server says to every request but `CONNECT`, which it always refuses.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Default for Answer {
    fn default() -> Self {
        Self { status: 202, body: r#"{"status":"ok"}"#.into() }
    }
}

/// A running server; it stops when dropped.
pub struct Server {
    listener: Arc<tiny_http::Server>,
    requests: Arc<Mutex<Vec<Request>>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start(answer: Answer) -> Self {
        let listener = Arc::new(tiny_http::Server::http("127.0.0.1:0").expect("a loopback port is free"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let thread = thread::spawn({
            let (listener, requests) = (Arc::clone(&listener), Arc::clone(&requests));
            move || listener.incoming_requests().for_each(|request| serve(request, &answer, &requests))
        });
        Self { listener, requests, thread: Some(thread) }
    }

    pub fn port(&self) -> u16 {
        self.listener.server_addr().to_ip().expect("the server listens on an address").port()
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// Everything received so far, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("no test panics while it holds the requests").clone()
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

fn serve(mut request: tiny_http::Request, answer: &Answer, requests: &Mutex<Vec<Request>>) {
    let mut body = Vec::new();
    // A client may go away in the middle: what came until then is recorded.
    let _ = request.as_reader().read_to_end(&mut body);
    let text = |header: &Header| (header.field.to_string(), header.value.to_string());
    requests.lock().expect("no test panics while it holds the requests").push(Request {
        method: request.method().to_string(),
        target: request.url().to_owned(),
        headers: request.headers().iter().map(text).collect(),
        body,
    });
    let response = match request.method() {
        Method::Connect => Response::from_string("").with_status_code(405),
        _ => Response::from_string(&answer.body)
            .with_status_code(answer.status)
            .with_header("Content-Type: application/json".parse::<Header>().expect("the header is well formed")),
    };
    // The client may be gone by now.
    let _ = request.respond(response);
}
