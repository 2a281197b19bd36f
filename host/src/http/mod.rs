//! The capability of outbound HTTP: one request on one connection, bounded in time and in memory.
//!
//! Redirects are not followed: a request carries a key, and goes where it was addressed to or nowhere.

mod connect;
mod tls;

use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::process::Received;

/// The longest that an exchange may take, whatever the component asks for.
const MAXIMUM_TIME: Duration = Duration::from_secs(10);

/// The largest body that may be sent, in bytes. An event is at most about 20 KB.
const MAXIMUM_REQUEST: usize = 1024 * 1024;

/// How much of an answer the component gets, in bytes. The API's are far shorter.
const MAXIMUM_ANSWER: usize = 64 * 1024;

/// The client that the component sends its requests through.
pub struct Client {
    received: Arc<Received>,
}

impl Client {
    /// A client that gives up when one of `received` asks to end.
    pub fn new(received: Arc<Received>) -> Self {
        Self { received }
    }
}

type Answer = (Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>);

impl WasiHttpHooks for Client {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Answer, Error>> + Send> {
        // The component's client can set this one time only, so it bounds everything.
        let time = options.and_then(|options| options.connect_timeout).unwrap_or(MAXIMUM_TIME).min(MAXIMUM_TIME);
        let deadline = Instant::now() + time;
        let received = Arc::clone(&self.received);
        Box::new(async move {
            let response = tokio::select! {
                response = exchange(request, deadline) => response?,
                () = received.asked_to_end() => return Err(failed("interrupted by a signal")),
            };
            let done: Box<dyn Future<Output = Result<(), Error>> + Send> = Box::new(async { Ok(()) });
            Ok((response, done))
        })
    }
}

/// A failure that WASI has no word for.
fn failed(reason: impl Into<String>) -> Error {
    Error::InternalError(Some(reason.into()))
}

/// Sends `request` and reads the answer, both whole, by `deadline`.
async fn exchange(request: Request<WasiBody>, deadline: Instant) -> Result<Response<WasiBody>, Error> {
    // Read first: then nothing that goes wrong later can be taken for a fault of the body.
    let (head, body) = request.into_parts();
    let body =
        Limited::new(body, MAXIMUM_REQUEST).collect().await.map_err(|_| Error::HttpRequestBodySize(None))?.to_bytes();
    let request = Request::from_parts(head, Full::new(body));

    let response = timeout_at(deadline, answer(request)).await.map_err(|_| Error::ConnectionTimeout)??;
    let (head, body) = response.into_parts();
    // Of an answer that accepts, nobody reads the words.
    let body = if head.status.is_success() { Bytes::new() } else { read_answer(body, deadline).await };
    Ok(Response::from_parts(head, Full::new(body).map_err(|never| match never {}).boxed_unsync()))
}

/// Connects, sends `request`, and returns the head of the answer.
async fn answer(mut request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Error> {
    let route = connect::connect(request.uri()).await?;
    if let Some(credentials) = route.proxy_authorization {
        request.headers_mut().insert(header::PROXY_AUTHORIZATION, credentials);
    }
    if !route.through_proxy {
        *request.uri_mut() = origin_form(request.uri());
    }
    set_host(&mut request, &route.authority);
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(route.stream)).await.map_err(|error| explain(&error))?;
    tokio::spawn(async move {
        // What becomes of the connection is told by the answer, or by the lack of one.
        let _ = connection.await;
    });
    sender.send_request(request).await.map_err(|error| explain(&error))
}

fn origin_form(uri: &Uri) -> Uri {
    uri.path_and_query().map_or_else(|| Uri::from_static("/"), |path| Uri::from(path.clone()))
}

fn set_host(request: &mut Request<Full<Bytes>>, authority: &str) {
    if let Ok(host) = HeaderValue::from_str(authority) {
        request.headers_mut().insert(header::HOST, host);
    }
}

/// Reads the body of an answer as far as it comes in time and is not too large. What counts is the status, which is
/// there already: an answer that never ends has still been given.
async fn read_answer(mut body: Incoming, deadline: Instant) -> Bytes {
    let mut read = BytesMut::new();
    while read.len() < MAXIMUM_ANSWER {
        match timeout_at(deadline, body.frame()).await {
            Ok(Some(Ok(frame))) => {
                let data = frame.into_data().unwrap_or_default();
                read.extend_from_slice(&data[..data.len().min(MAXIMUM_ANSWER - read.len())]);
            }
            _ => break,
        }
    }
    read.freeze()
}

/// What WASI calls a failure of the connection once it is there.
fn explain(error: &hyper::Error) -> Error {
    if error.is_parse() {
        return Error::HttpProtocolError;
    }
    match source::<io::Error>(error) {
        Some(error) => failed(error.to_string()),
        None => Error::ConnectionTerminated,
    }
}

/// The first cause of `error` that is a `T`.
fn source<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}
