//! From the address of a request to a connection: directly or through a proxy, with TLS or without.

use std::env;

use http::Uri;
use http::uri::Scheme;
use wasmtime_wasi_http::Error;

use super::endpoint::{Endpoint, Stream};
use super::{failure, proxy, tls, tunnel};
use crate::policy::Addresses;

/// A connection on which a request can be sent.
pub struct Connection {
    pub stream: Box<dyn Stream>,
    /// Who reads the request before the server does: it needs the whole address, and credentials.
    pub proxy: Option<proxy::Proxy>,
}

/// Connects to where `uri` points, if that is among the `permitted` addresses, or through the proxy that the environment
/// names for it. Then it is the proxy that resolves the name, wherever it is itself: whoever set it up chose it.
pub async fn connect(uri: &Uri, permitted: Addresses, tls: &tls::Connector) -> Result<Connection, Error> {
    let server = Endpoint::of(uri)?;
    let secure = uri.scheme() == Some(&Scheme::HTTPS);
    // Of what needs no resolver, a proxy is no way around.
    if server.host.parse().is_ok_and(|address| !permitted.include(address)) {
        return Err(Error::DestinationIpProhibited);
    }
    let Some(proxy) = proxy::choose(uri, variable)? else {
        let stream = server.connect(permitted).await?;
        let stream: Box<dyn Stream> =
            if secure { Box::new(tls.connect(&server.host, stream).await?) } else { Box::new(stream) };
        return Ok(Connection { stream, proxy: None });
    };
    let stream = Endpoint::of(proxy.uri())?.connect(Addresses::AlsoPrivate).await.map_err(failure::of_proxy)?;
    if !secure {
        return Ok(Connection { stream: Box::new(stream), proxy: Some(proxy) });
    }
    let stream = tunnel::open(stream, &server, proxy.basic_auth()).await.map_err(failure::of_proxy)?;
    Ok(Connection { stream: Box::new(tls.connect(&server.host, stream).await?), proxy: None })
}

/// A variable of the environment. One that is not text is no proxy either, which is found out where it is used.
fn variable(name: &str) -> Option<String> {
    env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}
