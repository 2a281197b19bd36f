//! One exchange with the API: a request, and what its answer means.

use std::time::{Duration, SystemTime};

use waki::{Client, ErrorCode};

use crate::answer::{Answer, MAXIMUM_BYTES};
use crate::destination::Destination;
use crate::requests::{HEADERS, Kind};
use crate::retry::Failure;
use crate::secret::Secret;

/// Sends `body` as a request of `kind`, and waits for the answer, both within `time`.
pub fn post(kind: Kind, body: &str, destination: &Destination, key: &Secret, time: Duration) -> Result<(), Failure> {
    // The host lets this time bound the whole exchange: it is the only one that the client can set.
    let mut builder = Client::new()
        .post(&destination.api.url(kind.path()))
        .connect_timeout(time)
        .header("Content-Length", body.len())
        .header("DD-API-KEY", key.reveal());
    for (name, value) in HEADERS {
        builder = builder.header(*name, *value);
    }
    if let Some(key) = &destination.application_key {
        builder = builder.header("DD-APPLICATION-KEY", key.reveal());
    }
    if let Some(credentials) = destination.api.authorization() {
        builder = builder.header("Authorization", credentials.reveal());
    }
    let response = builder.body(body).send().map_err(|error| match error.downcast_ref() {
        Some(code) => failure_of(code, destination),
        None => Failure::Lasting { reason: error.to_string() },
    })?;
    let field = |name| response.header(name).and_then(|value| value.to_str().ok());
    let body = match response.status_code() {
        200..300 => Vec::new(),
        _ => response.chunk(MAXIMUM_BYTES).ok().flatten().unwrap_or_default(),
    };
    Answer {
        status: response.status_code(),
        rate_limit_reset: field("x-ratelimit-reset"),
        retry_after: field("retry-after"),
        body: &body,
    }
    .verdict(destination, SystemTime::now())
}

/// What a failed exchange means. Trouble on the way passes; trouble with who is at the other end, or with what we were
/// told to do, does not.
fn failure_of(code: &ErrorCode, destination: &Destination) -> Failure {
    let transient = |reason: &str| Failure::Transient { reason: reason.to_owned(), wait: None, answered: false };
    let lasting = |reason: &str| Failure::Lasting { reason: reason.to_owned() };
    match code {
        ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => transient("the host name is not known"),
        ErrorCode::DnsTimeout => transient("the host name was not resolved in time"),
        ErrorCode::DestinationUnavailable => transient("it cannot be reached from this network"),
        ErrorCode::ConnectionRefused => transient("connection refused"),
        ErrorCode::ConnectionTimeout => transient("no connection in time"),
        ErrorCode::HttpResponseTimeout => transient("no answer in time"),
        ErrorCode::ConnectionTerminated => transient("the connection was closed before an answer"),
        ErrorCode::HttpProtocolError => transient("the answer is not HTTP"),
        ErrorCode::InternalError(Some(reason)) => transient(reason),
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
        other => Failure::Transient { reason: other.to_string(), wait: None, answered: false },
    }
}
