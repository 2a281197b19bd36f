//! From the address of a request to a connection: directly or through a proxy, with TLS or without.

use std::io;

use http::uri::Scheme;
use http::{HeaderValue, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tower_service::Service;
use wasmtime_wasi_http::Error;

use super::{failed, source, tls};

/// Bytes to and from the server, whatever lies below.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection, and how a request is to be addressed on it.
pub struct Route {
    pub stream: Box<dyn Stream>,
    /// The server's name, with its port if it was given.
    pub authority: String,
    /// Whether a proxy reads the request, and needs its whole address.
    pub through_proxy: bool,
    /// What that proxy asks for.
    pub proxy_authorization: Option<HeaderValue>,
}

/// Connects to where `uri` points, through the proxy that the environment names for it.
pub async fn connect(uri: &Uri) -> Result<Route, Error> {
    let authority = uri.authority().ok_or(Error::HttpRequestUriInvalid)?.to_string();
    let secure = uri.scheme() == Some(&Scheme::HTTPS);
    let proxy = Matcher::from_env().intercept(uri);
    if let Some(proxy) = &proxy
        && proxy.uri().scheme() != Some(&Scheme::HTTP)
    {
        return Err(failed(format!("cannot use a proxy with the scheme '{}'", proxy.uri().scheme_str().unwrap_or(""))));
    }

    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    let (stream, through_proxy, proxy_authorization) = match proxy {
        None => (connector.call(uri.clone()).await.map_err(|error| explain(&error))?, false, None),
        Some(proxy) if secure => {
            let mut tunnel = Tunnel::new(proxy.uri().clone(), connector);
            if let Some(credentials) = proxy.basic_auth() {
                tunnel = tunnel.with_auth(credentials.clone());
            }
            let stream = tunnel.call(uri.clone()).await.map_err(|error| proxy_failed(&error))?;
            (stream, false, None)
        }
        Some(proxy) => {
            let stream = connector.call(proxy.uri().clone()).await.map_err(|error| proxy_failed(&error))?;
            (stream, true, proxy.basic_auth().cloned())
        }
    };
    let stream: TcpStream = TokioIo::into_inner(stream);
    let stream: Box<dyn Stream> =
        if secure { Box::new(tls::connect(uri.host().unwrap_or_default(), stream).await?) } else { Box::new(stream) };
    Ok(Route { stream, authority, through_proxy, proxy_authorization })
}

/// What WASI calls a failure to connect.
fn explain(error: &(dyn std::error::Error + 'static)) -> Error {
    // The connector tells a failure of the resolver by its words alone.
    if error.to_string().starts_with("dns error") {
        return Error::DnsError { rcode: None, info_code: None };
    }
    match source::<io::Error>(error) {
        Some(error) if error.kind() == io::ErrorKind::ConnectionRefused => Error::ConnectionRefused,
        Some(error) => failed(error.to_string()),
        None => failed(error.to_string()),
    }
}

fn proxy_failed(error: &(dyn std::error::Error + 'static)) -> Error {
    let reason = source::<io::Error>(error).map_or_else(|| error.to_string(), io::Error::to_string);
    failed(format!("the proxy does not let us through: {reason}"))
}
