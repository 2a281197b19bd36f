//! Delivering requests to Datadog's API, and keeping those that could not be.

use std::time::{Duration, Instant};

use serde::Deserialize;
use waki::{Client, ErrorCode, Response};

use super::console::Console;
use super::kept;
use crate::excerpt::first;
use crate::requests::Request;
use crate::secret::Secret;
use crate::settings::Destination;

/// How long everything that is to be delivered after a run may take.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);

/// How much of an answer is read, in bytes. The API's are far shorter.
const MAXIMUM_ANSWER: u64 = 16 * 1024;

/// How much of an answer's words is shown, in characters.
const MAXIMUM_REASON: usize = 200;

/// Sends `requests` one after the other, each whatever became of the others. What is not accepted is kept, and said.
pub fn deliver(requests: &[Request], destination: &Destination, console: &mut Console) {
    let Some(key) = &destination.api_key else {
        let failures = requests.iter().map(|request| (request, "no API key was given".to_owned())).collect();
        return keep(failures, destination, console);
    };
    let deadline = Instant::now() + DELIVERY_TIMEOUT;
    let mut failures = Vec::new();
    for request in requests {
        let remaining = deadline.saturating_duration_since(Instant::now());
        if let Err(reason) = post(request, destination, key, remaining) {
            failures.push((request, reason));
        }
    }
    keep(failures, destination, console);
}

/// Delivers everything that was kept for `destination`, and returns the status to end with.
pub fn flush(destination: &Destination, console: &mut Console) -> u8 {
    let Some(key) = &destination.api_key else {
        console.error("there is no API key to deliver with", "set DD_API_KEY, or give --api_key");
        return 2;
    };
    let (mut delivered, mut left) = (0_usize, 0_usize);
    for (path, kept) in kept::waiting(&destination.api) {
        let sent = post(&kept.request, destination, key, DELIVERY_TIMEOUT)
            .and_then(|()| kept::forget(&path).map_err(|error| format!("delivered, but not forgotten: {error}")));
        match sent {
            Ok(()) => delivered += 1,
            Err(reason) => {
                left += 1;
                console.message(&format!("{}: {reason}", path.display()));
            }
        }
    }
    console.message(&format!("{delivered} delivered to {}, {left} left", destination.api));
    u8::from(left > 0)
}

/// Keeps what could not be delivered, and says so in one line for each reason.
fn keep(failures: Vec<(&Request, String)>, destination: &Destination, console: &mut Console) {
    let mut failures = failures.into_iter().peekable();
    while let Some((request, reason)) = failures.next() {
        let mut kept = vec![request];
        while let Some((request, _)) = failures.next_if(|(_, next)| *next == reason) {
            kept.push(request);
        }
        let names: Vec<_> = kept.iter().map(|request| request.kind.name()).collect();
        let what = format!("{} not delivered to {}: {reason}", names.join(" and "), destination.api);
        let kept: Result<Vec<_>, _> =
            kept.iter().map(|request| kept::keep(request, &destination.api, &reason)).collect();
        match kept {
            Ok(_) => {
                console.message(&format!("{what}; kept, deliver with '{}'", advice(destination, console.program())))
            }
            Err(error) => console.message(&format!("{what}; and not kept: {error}")),
        }
    }
}

/// The command that delivers what was kept for `destination`, with what the environment does not give.
fn advice(destination: &Destination, program: &str) -> String {
    let key = if destination.key_is_in_environment { "" } else { "DD_API_KEY=... " };
    let site = if destination.site_is_in_environment { String::new() } else { format!(" --site {}", destination.api) };
    format!("{key}{program} --flush{site}")
}

/// Sends one request. The error says why it was not accepted, in one line.
fn post(request: &Request, destination: &Destination, key: &Secret, time: Duration) -> Result<(), String> {
    let body = request.body.get().to_owned();
    // The host lets this time bound the whole exchange: it is the only one that the client can set.
    let mut builder = Client::new()
        .post(&destination.api.url(request.kind.path()))
        .connect_timeout(time)
        .header("User-Agent", concat!("dogwrap/", env!("CARGO_PKG_VERSION"), " (wasi)"))
        .header("Content-Type", "application/json")
        .header("Content-Length", body.len())
        .header("DD-API-KEY", key.reveal());
    if let Some(key) = &destination.application_key {
        builder = builder.header("DD-APPLICATION-KEY", key.reveal());
    }
    if let Some(credentials) = destination.api.authorization() {
        builder = builder.header("Authorization", credentials.reveal());
    }
    let response = builder.body(body).send().map_err(|error| match error.downcast_ref() {
        Some(code) => explain(code),
        None => error.to_string(),
    })?;
    match response.status_code() {
        200..300 => Ok(()),
        status => Err(refusal(status, &response, destination)),
    }
}

/// What the API answered, in one line: the status, and its own words if it gave any.
fn refusal(status: u16, response: &Response, destination: &Destination) -> String {
    #[derive(Deserialize)]
    struct Answer {
        errors: Vec<String>,
    }
    let body = response.chunk(MAXIMUM_ANSWER).ok().flatten().unwrap_or_default();
    let words = serde_json::from_slice(&body).map_or_else(|_| String::new(), |answer: Answer| answer.errors.join(", "));
    let words = presentable(&words, destination);
    let name = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let status =
        [Some(status.to_string()), name.map(str::to_owned)].into_iter().flatten().collect::<Vec<_>>().join(" ");
    if words.is_empty() { status } else { format!("{status}: {words}") }
}

/// Words of a server as they can be shown: one line, not too long, nothing that commands a terminal, and no secret that
/// the server repeats.
fn presentable(words: &str, destination: &Destination) -> String {
    let secrets = [&destination.api_key, &destination.application_key].into_iter().flatten();
    let words = secrets
        .chain(destination.api.authorization())
        .fold(words.to_owned(), |words, secret| words.replace(secret.reveal(), "***"));
    let words = words.replace(char::is_control, " ");
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    first(&words, MAXIMUM_REASON).to_owned()
}

/// A failure of the exchange, in words for people.
fn explain(code: &ErrorCode) -> String {
    match code {
        ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => "the host name is not known".to_owned(),
        ErrorCode::DnsTimeout => "the host name was not resolved in time".to_owned(),
        ErrorCode::ConnectionRefused => "connection refused".to_owned(),
        ErrorCode::ConnectionTimeout => "no answer in time".to_owned(),
        ErrorCode::ConnectionTerminated => "the connection was closed before an answer".to_owned(),
        ErrorCode::HttpProtocolError => "the answer is not HTTP".to_owned(),
        ErrorCode::HttpRequestDenied => "the host does not allow this request".to_owned(),
        ErrorCode::InternalError(Some(reason)) => reason.clone(),
        other => other.to_string(),
    }
}
