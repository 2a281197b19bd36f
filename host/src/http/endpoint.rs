//! A host with a port, and the way to it: through whichever of its addresses answers first.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use wasmtime_wasi_http::Error;

use super::failure;
use crate::names;
use crate::policy::Addresses;

/// How long an address is waited for before the next is tried beside it, as RFC 8305 recommends. None is given up for
/// that: an address far away needs its time, however many others there are.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Bytes to and from the server, whatever lies below.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for T {}

/// Where a server or a proxy listens.
pub struct Endpoint {
    /// A name or an address, the latter without brackets.
    pub host: String,
    pub port: u16,
}

impl Endpoint {
    /// Where `uri` points, with the port of its scheme unless it has its own.
    pub fn of(uri: &Uri) -> Result<Self, Error> {
        let host = uri.host().ok_or(Error::HttpRequestUriInvalid)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let default = if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
        Ok(Self { host, port: uri.port_u16().unwrap_or(default) })
    }

    /// Connects to one of the host's addresses that are among `permitted`.
    pub async fn connect(&self, permitted: Addresses) -> Result<TcpStream, Error> {
        let mut addresses = names::addresses(&self.host, self.port).await.map_err(failure::of_resolving)?;
        addresses.retain(|address| permitted.include(address.ip()));
        if addresses.is_empty() {
            return Err(Error::DestinationIpProhibited);
        }
        let stream = connect_to_one(alternating(addresses)).await.map_err(failure::of_connecting)?;
        // A request is written at once, and there is nothing to wait for. Where this fails it is sent all the same.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(formatter, "[{host}]:{port}") } else { write!(formatter, "{host}:{port}") }
    }
}

/// The addresses in their order, but by turns of IPv6 and IPv4, so that one of them that leads nowhere costs one delay.
fn alternating(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_ipv6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (preferred, others): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_ipv6);
    let mut alternating = Vec::new();
    let (mut preferred, mut others) = (preferred.into_iter(), others.into_iter());
    loop {
        let turn = [preferred.next(), others.next()];
        if turn == [None, None] {
            return alternating;
        }
        alternating.extend(turn.into_iter().flatten());
    }
}

/// Connects to the first of `addresses` that lets us. The next one's turn comes when one has failed, or is slow. The
/// error is that of the first to fail.
async fn connect_to_one(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut addresses = addresses.into_iter().peekable();
    let mut attempts = JoinSet::new();
    let mut failure = None;
    loop {
        if let Some(address) = addresses.next() {
            attempts.spawn(TcpStream::connect(address));
        }
        let ended = match addresses.peek() {
            Some(_) => timeout(ATTEMPT_DELAY, attempts.join_next()).await,
            None => Ok(attempts.join_next().await),
        };
        match ended {
            Ok(Some(Ok(Ok(stream)))) => return Ok(stream),
            Ok(Some(Ok(Err(error)))) => failure = failure.or(Some(error)),
            Ok(Some(Err(error))) => failure = failure.or(Some(error.into())),
            Ok(None) => return Err(failure.unwrap_or_else(|| io::Error::other("the host has no address"))),
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_shown_as_it_stands_in_a_url() {
        for (uri, host, shown) in [
            ("http://api.test/path", "api.test", "api.test:80"),
            ("https://api.test", "api.test", "api.test:443"),
            ("https://127.0.0.1:8443/", "127.0.0.1", "127.0.0.1:8443"),
            ("http://[::1]", "::1", "[::1]:80"),
            ("https://[fd00::1]:8443", "fd00::1", "[fd00::1]:8443"),
        ] {
            let endpoint = Endpoint::of(&Uri::from_static(uri)).expect("it has a host");
            assert_eq!((endpoint.host.as_str(), endpoint.to_string().as_str()), (host, shown), "{uri}");
        }
    }

    #[test]
    fn both_kinds_of_addresses_have_their_turns() {
        let alternating = |addresses: &[&str]| {
            let addresses = addresses.iter().map(|address| address.parse().expect("it is an address")).collect();
            alternating(addresses).iter().map(SocketAddr::to_string).collect::<Vec<_>>()
        };
        let (a, b, c) = ("[fd00::a]:1", "[fd00::b]:1", "[fd00::c]:1");
        let (x, y) = ("10.0.0.1:1", "10.0.0.2:1");
        assert_eq!(alternating(&[a, b, c, x, y]), [a, x, b, y, c]);
        assert_eq!(alternating(&[x, y, a]), [x, a, y]);
        assert_eq!(alternating(&[x, y]), [x, y]);
        assert!(alternating(&[]).is_empty());
    }
}
