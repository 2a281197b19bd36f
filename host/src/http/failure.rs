//! The failures of an exchange, as WASI calls them. By these names the component tells whether another attempt can help.
//!
//! WASI has few failures with words. `InternalError` is used for what may pass by itself. `TlsAlertReceived` is the one
//! that says, with words, that trying again will not help: it stands for everything that keeps a connection from being
//! secure, or a proxy from being used, until somebody changes something, and never for an alert. `ConfigurationError`
//! lasts as well: the proxy wants other credentials, or is of a kind that cannot be used. So does
//! `DestinationIpProhibited`: the policy permits none of the server's addresses.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};

use wasmtime_wasi_http::Error;

use crate::{names, words};

/// A failure that may pass by itself.
pub fn transient(reason: impl Into<String>) -> Error {
    Error::InternalError(Some(reason.into()))
}

/// What keeps a connection from being secure, or a proxy from being used, until somebody changes something.
pub fn permanent(reason: impl Into<String>) -> Error {
    Error::TlsAlertReceived { alert_id: None, alert_message: Some(reason.into()) }
}

/// No address is known for a name.
pub fn of_resolving(error: names::Error) -> Error {
    match error {
        names::Error::Unknown => Error::DnsError { rcode: None, info_code: None },
        names::Error::NotAsked(reason) => transient(reason),
    }
}

/// An address is known, and there is no connection to it.
pub fn of_connecting(error: io::Error) -> Error {
    match error.kind() {
        ErrorKind::ConnectionRefused => Error::ConnectionRefused,
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable | ErrorKind::NetworkDown => {
            Error::DestinationUnavailable
        }
        ErrorKind::TimedOut => Error::ConnectionTimeout,
        _ => transient(words(&error)),
    }
}

/// There was a connection, and there is no answer.
pub fn of_exchange(error: hyper::Error) -> Error {
    if error.is_parse() {
        return Error::HttpProtocolError;
    }
    match source::<io::Error>(&error) {
        Some(error) if is_closing(error.kind()) => Error::ConnectionTerminated,
        Some(error) => transient(words(error)),
        None if error.is_user() => transient(error.to_string()),
        None => Error::ConnectionTerminated,
    }
}

/// Whether the other side has closed the connection, be it in the middle of something.
fn is_closing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe)
}

/// It is the proxy with which `error` has happened. That there was no time left is said of the connection as a whole.
pub fn of_proxy(error: Error) -> Error {
    let reason = match error {
        Error::ConfigurationError | Error::ConnectionTimeout => return error,
        Error::DestinationIpProhibited => return permanent("the proxy cannot be used: its address is a forbidden one"),
        Error::DnsError { .. } => "its host name is not known".to_owned(),
        Error::DestinationUnavailable => "it cannot be reached".to_owned(),
        Error::ConnectionTerminated => "it closed the connection before an answer".to_owned(),
        Error::HttpProtocolError => "its answer is not HTTP".to_owned(),
        Error::InternalError(Some(reason)) => reason,
        other => other.to_string(),
    };
    transient(format!("the proxy does not let us through: {reason}"))
}

/// An error as our messages have it.
pub fn words(error: &io::Error) -> String {
    if is_closing(error.kind()) { "the connection was closed".to_owned() } else { words::of(error) }
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

#[cfg(test)]
mod tests {
    use nix::errno::Errno;

    use super::*;

    #[test]
    fn failures_to_connect_are_told_apart() {
        let failure = |errno: Errno| of_connecting(errno.into());
        assert!(matches!(failure(Errno::ECONNREFUSED), Error::ConnectionRefused));
        for unreachable in [Errno::ENETUNREACH, Errno::EHOSTUNREACH, Errno::ENETDOWN] {
            assert!(matches!(failure(unreachable), Error::DestinationUnavailable), "{unreachable}");
        }
        assert!(matches!(failure(Errno::ETIMEDOUT), Error::ConnectionTimeout));
        assert_eq!(failure(Errno::EMFILE).to_string(), transient("too many open files").to_string());
    }

    #[test]
    fn what_happens_with_a_proxy_is_said_of_it() {
        let said = |error| match of_proxy(error) {
            Error::InternalError(Some(reason)) => reason,
            other => panic!("{other} has no words"),
        };
        assert_eq!(said(Error::ConnectionRefused), "the proxy does not let us through: connection refused");
        assert_eq!(said(transient("502 Bad Gateway")), "the proxy does not let us through: 502 Bad Gateway");
        assert!(matches!(of_proxy(Error::ConfigurationError), Error::ConfigurationError));
        assert!(matches!(of_proxy(Error::ConnectionTimeout), Error::ConnectionTimeout));
        assert!(matches!(of_proxy(Error::DestinationIpProhibited), Error::TlsAlertReceived { .. }));
    }
}
