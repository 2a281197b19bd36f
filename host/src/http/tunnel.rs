//! A tunnel through a proxy, which passes on what it cannot read.

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::Empty;
use hyper::upgrade::{self, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use wasmtime_wasi_http::Error;

use super::endpoint::Endpoint;
use super::{failure, send};

/// Asks the proxy at the end of `stream` for a tunnel to `server`.
pub async fn open(
    stream: TcpStream,
    server: &Endpoint,
    credentials: Option<&HeaderValue>,
) -> Result<TokioIo<Upgraded>, Error> {
    let authority = server.to_string();
    let mut request = Request::connect(&authority).header(header::HOST, &authority);
    if let Some(credentials) = credentials {
        request = request.header(header::PROXY_AUTHORIZATION, credentials);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(|_| Error::HttpRequestUriInvalid)?;
    let response = send(stream, request).await?;
    match response.status() {
        status if status.is_success() => {}
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => return Err(Error::ConfigurationError),
        status => return Err(failure::transient(name(status))),
    }
    upgrade::on(response).await.map(TokioIo::new).map_err(failure::of_exchange)
}

/// The status with its name, if it has one.
fn name(status: StatusCode) -> String {
    let name = status.canonical_reason().unwrap_or_default();
    format!("{} {name}", status.as_str()).trim_end().to_owned()
}
