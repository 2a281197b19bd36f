//! The capability of outbound HTTP: one request on one connection, bounded in time and in memory.
//!
//! Redirects are not followed: a request carries a key, and goes where it was addressed to or nowhere.

mod connect;
mod endpoint;
mod failure;
mod proxy;
mod tls;
mod trust;
mod tunnel;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Incoming};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::policy::{Addresses, Policy, limits};
use crate::process::Received;
use connect::Connection;
use endpoint::Stream;
pub use tls::Connector;

/// How long the words of a refusal are waited for: they are for people only.
const TIME_FOR_WORDS: Duration = Duration::from_secs(1);

/// The client that the component sends its requests through.
pub struct Client {
    policy: Arc<Policy>,
    received: Arc<Received>,
    tls: Connector,
    /// How many requests were sent, or tried to be.
    sent: usize,
    accepted: Arc<AtomicUsize>,
}

impl Client {
    /// A client that sends what `policy` permits, and gives up when one of `received` asks to end. Its secure connections
    /// are made with `tls`.
    pub fn new(policy: Arc<Policy>, received: Arc<Received>, tls: Connector) -> Self {
        Self { policy, received, tls, sent: 0, accepted: Arc::default() }
    }

    /// How many requests the servers have accepted.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
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
        self.sent += 1;
        let permitted = self.policy.permits_request(request.method(), request.uri());
        let Some(permitted) = permitted.filter(|_| self.sent <= limits::REQUESTS) else {
            return Box::new(async { Err(Error::HttpRequestDenied) });
        };
        // The component's client can set this one time only, so it bounds everything.
        let time = limits::exchange_time(options.and_then(|options| options.connect_timeout));
        let (received, tls, accepted) = (Arc::clone(&self.received), self.tls.clone(), Arc::clone(&self.accepted));
        Box::new(async move {
            let response = tokio::select! {
                response = exchange(request, permitted, time, &tls) => response?,
                () = received.asked_to_end() => return Err(failure::transient("interrupted by a signal")),
            };
            accepted.fetch_add(usize::from(response.status().is_success()), Ordering::Relaxed);
            let done: Box<dyn Future<Output = Result<(), Error>> + Send> = Box::new(async { Ok(()) });
            Ok((response, done))
        })
    }
}

/// Sends `request` to one of the `permitted` addresses and reads the answer, both whole, within `time`.
async fn exchange(
    request: Request<WasiBody>,
    permitted: Addresses,
    time: Duration,
    tls: &Connector,
) -> Result<Response<WasiBody>, Error> {
    let start = Instant::now();
    // A connection that does not come about leaves time for another attempt.
    let (connected, answered) = (start + time / 2, start + time);
    // Read first: then nothing that goes wrong later can be taken for a fault of the body.
    let (head, body) = request.into_parts();
    let body =
        Limited::new(body, limits::REQUEST).collect().await.map_err(|_| Error::HttpRequestBodySize(None))?.to_bytes();
    let request = Request::from_parts(head, Full::new(body));

    let connecting = connect::connect(request.uri(), permitted, tls);
    let Connection { stream, proxy } =
        timeout_at(connected, connecting).await.map_err(|_| Error::ConnectionTimeout)??;
    let request = addressed(request, proxy.as_ref());
    let response = timeout_at(answered, send(stream, request)).await.map_err(|_| Error::HttpResponseTimeout)??;
    let (head, body) = response.into_parts();
    // Of an answer that accepts, nobody reads the words.
    let body = if head.status.is_success() { Bytes::new() } else { read_words(body, answered).await };
    Ok(Response::from_parts(head, Full::new(body).map_err(|never| match never {}).boxed_unsync()))
}

/// `request` with its address as the server reads it, or the proxy before it.
fn addressed(mut request: Request<Full<Bytes>>, proxy: Option<&proxy::Proxy>) -> Request<Full<Bytes>> {
    if let Some(host) = request.uri().authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok()) {
        request.headers_mut().insert(header::HOST, host);
    }
    match proxy {
        None => {
            let path = request.uri().path_and_query().cloned();
            *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
        }
        Some(proxy) => {
            let credentials = proxy.basic_auth().cloned();
            request.headers_mut().extend(credentials.map(|value| (header::PROXY_AUTHORIZATION, value)));
        }
    }
    request
}

/// Sends `request`, and returns the head of the answer.
async fn send<B>(stream: impl Stream, request: Request<B>) -> Result<Response<Incoming>, Error>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(failure::of_exchange)?;
    tokio::spawn(async move {
        // What becomes of the connection is told by the answer, or by the lack of one.
        let _ = connection.with_upgrades().await;
    });
    sender.send_request(request).await.map_err(failure::of_exchange)
}

/// Reads the words of a refusal as far as they come in time and are not too many. What counts is the status, which is
/// there already: an answer that never ends has still been given.
async fn read_words(mut body: Incoming, deadline: Instant) -> Bytes {
    let deadline = deadline.min(Instant::now() + TIME_FOR_WORDS);
    let mut read = BytesMut::new();
    while read.len() < limits::ANSWER {
        match timeout_at(deadline, body.frame()).await {
            Ok(Some(Ok(frame))) => {
                let data = frame.into_data().unwrap_or_default();
                read.extend_from_slice(&data[..data.len().min(limits::ANSWER - read.len())]);
            }
            _ => break,
        }
    }
    read.freeze()
}
