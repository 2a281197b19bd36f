//! One exchange with the API: a request, and what its answer means.

use std::time::{Duration, SystemTime};

use wasi::clocks::monotonic_clock::subscribe_duration;
use wasi::http::outgoing_handler::handle;
use wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions,
    Scheme,
};
use wasi::io::poll::{Pollable, poll};

use super::console::nanoseconds;
use crate::answer::{Answer, MAXIMUM_BYTES};
use crate::destination::Destination;
use crate::requests::{HEADERS, Kind};
use crate::retry::Failure;
use crate::secret::Secret;

/// How much longer we wait than the host was told to: it knows better than we do why there is no answer.
const TIME_TO_SAY_WHY: Duration = Duration::from_millis(100);

/// How long the words of a refusal are waited for. What counts is the status, which is there already.
const TIME_FOR_WORDS: Duration = Duration::from_secs(1);

/// Sends `body` as a request of `kind`, and waits for the answer, both within `time`.
pub fn post(kind: Kind, body: &str, destination: &Destination, key: &Secret, time: Duration) -> Result<(), Failure> {
    // Some hosts count each of these times from the end of the one before, and others take the first for all of them: the
    // timer bounds their sum.
    let timer = subscribe_duration(nanoseconds(time + TIME_TO_SAY_WHY));
    let options = RequestOptions::new();
    let each = Some(nanoseconds(time));
    let _ = options.set_connect_timeout(each);
    let _ = options.set_first_byte_timeout(each);
    let _ = options.set_between_bytes_timeout(each);

    let request = request(kind, body.len(), destination, key).ok_or_else(|| unusable(destination))?;
    let outgoing = request.body().map_err(|()| unusable(destination))?;
    let answer = handle(request, Some(options)).map_err(|code| failure_of(&code, destination))?;
    send(outgoing, body.as_bytes(), &timer);
    let response = wait_for(&answer, &timer).map_err(|code| failure_of(&code, destination))?;

    let status = response.status();
    let headers = response.headers();
    let field = |name| headers.get(name).into_iter().next().and_then(|value| String::from_utf8(value).ok());
    let (rate_limit_reset, retry_after) = (field("x-ratelimit-reset"), field("retry-after"));
    drop(headers);
    let words = if (200..300).contains(&status) { Vec::new() } else { read_words(&response, &timer) };
    Answer { status, rate_limit_reset: rate_limit_reset.as_deref(), retry_after: retry_after.as_deref(), body: &words }
        .verdict(destination, SystemTime::now())
}

/// The request without its body, which has this length; none if `destination` makes none.
fn request(kind: Kind, length: usize, destination: &Destination, key: &Secret) -> Option<OutgoingRequest> {
    let uri: http::Uri = destination.api.url(kind.path()).parse().ok()?;
    let length = length.to_string();
    let mut headers = vec![("content-length", length.as_str()), ("dd-api-key", key.reveal())];
    headers.extend(HEADERS);
    headers.extend(destination.application_key.as_ref().map(|key| ("dd-application-key", key.reveal())));
    headers.extend(destination.api.authorization().map(|credentials| ("authorization", credentials.reveal())));
    let headers: Vec<_> =
        headers.into_iter().map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).collect();

    let request = OutgoingRequest::new(Fields::from_list(&headers).ok()?);
    let scheme = if uri.scheme() == Some(&http::uri::Scheme::HTTPS) { Scheme::Https } else { Scheme::Http };
    request.set_method(&Method::Post).ok()?;
    request.set_scheme(Some(&scheme)).ok()?;
    request.set_authority(uri.authority().map(http::uri::Authority::as_str)).ok()?;
    request.set_path_with_query(uri.path_and_query().map(http::uri::PathAndQuery::as_str)).ok()?;
    Some(request)
}

fn unusable(destination: &Destination) -> Failure {
    Failure::Lasting { reason: format!("no request can be made to {}", destination.api) }
}

/// Sends the whole of a body as far as somebody takes it. Where nobody does, the answer tells why.
fn send(outgoing: OutgoingBody, body: &[u8], timer: &Pollable) {
    let Ok(stream) = outgoing.write() else { return };
    let writable = stream.subscribe();
    let mut rest = body;
    while !rest.is_empty() {
        let Ok(permitted) = stream.check_write() else { return };
        let permitted = usize::try_from(permitted).unwrap_or(usize::MAX).min(rest.len());
        if permitted == 0 {
            if poll(&[&writable, timer]).contains(&1) {
                return;
            }
            continue;
        }
        if stream.write(&rest[..permitted]).is_err() {
            return;
        }
        rest = &rest[permitted..];
    }
    drop(writable);
    drop(stream);
    let _ = OutgoingBody::finish(outgoing, None);
}

/// Waits for the head of the answer.
fn wait_for(answer: &FutureIncomingResponse, timer: &Pollable) -> Result<IncomingResponse, ErrorCode> {
    let answered = answer.subscribe();
    if !poll(&[&answered, timer]).contains(&0) {
        return Err(ErrorCode::HttpResponseTimeout);
    }
    // It is there, and is taken once.
    answer.get().and_then(Result::ok).unwrap_or(Err(ErrorCode::InternalError(None)))
}

/// Reads the words of a refusal, as far as they come in time and are not too many.
fn read_words(response: &IncomingResponse, timer: &Pollable) -> Vec<u8> {
    let mut words = Vec::new();
    let Ok(body) = response.consume() else { return words };
    let Ok(stream) = body.stream() else { return words };
    let (readable, patience) = (stream.subscribe(), subscribe_duration(nanoseconds(TIME_FOR_WORDS)));
    while let Some(left) = MAXIMUM_BYTES.checked_sub(words.len() as u64).filter(|left| *left > 0) {
        if !poll(&[&readable, &patience, timer]).contains(&0) {
            break;
        }
        match stream.read(left) {
            Ok(piece) => words.extend(piece),
            Err(_) => break,
        }
    }
    words
}

/// What a failed exchange means. Trouble on the way passes; trouble with who is at the other end, or with what we were
/// told to do, does not.
fn failure_of(code: &ErrorCode, destination: &Destination) -> Failure {
    let transient = |reason: &str| Failure::Transient { reason: reason.to_owned(), wait: None, answered: false };
    let lasting = |reason: &str| Failure::Lasting { reason: reason.to_owned() };
    match code {
        ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => transient("the host name is not known"),
        ErrorCode::DnsTimeout => transient("the host name was not resolved in time"),
        ErrorCode::DestinationUnavailable | ErrorCode::DestinationIpUnroutable => {
            transient("it cannot be reached from this network")
        }
        ErrorCode::ConnectionRefused => transient("connection refused"),
        ErrorCode::ConnectionTimeout => transient("no connection in time"),
        ErrorCode::ConnectionLimitReached => transient("the host has too many connections"),
        ErrorCode::HttpResponseTimeout | ErrorCode::ConnectionReadTimeout | ErrorCode::ConnectionWriteTimeout => {
            transient("no answer in time")
        }
        ErrorCode::ConnectionTerminated => transient("the connection was closed before an answer"),
        ErrorCode::HttpResponseIncomplete => transient("the connection was closed before the end of the answer"),
        ErrorCode::HttpProtocolError => transient("the answer is not HTTP"),
        ErrorCode::InternalError(Some(reason)) => transient(reason),
        ErrorCode::TlsCertificateError => lasting("its certificate is not trusted"),
        ErrorCode::TlsProtocolError => transient("no secure connection"),
        ErrorCode::TlsAlertReceived(alert) => lasting(alert.alert_message.as_deref().unwrap_or("no secure connection")),
        ErrorCode::ConfigurationError => {
            lasting("the proxy cannot be used: it asks for a user and a password (407), or its scheme is not http")
        }
        ErrorCode::DestinationIpProhibited => lasting(&format!(
            "its address here is private or forbidden; if a private one is meant (PrivateLink), name the API by its URL: \
             -s {}",
            destination.api
        )),
        ErrorCode::HttpRequestDenied => lasting("the host does not allow this request"),
        ErrorCode::LoopDetected => transient("a proxy sends the request round in circles"),
        // What else there is concerns sizes and encodings that neither our requests have nor the answers to them.
        _ => transient("the request failed, and the host does not say why"),
    }
}
