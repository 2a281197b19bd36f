//! TLS: connections that nobody else reads, to a server that is who it says.

use std::io;
use std::sync::Arc;

use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, CertificateError, ClientConfig};
use wasmtime_wasi_http::Error;

use super::endpoint::Stream;
use super::{failure, trust};

/// What all secure connections share, set up with the first. A clone is the same.
#[derive(Clone, Default)]
pub struct Connector(Arc<OnceCell<TlsConnector>>);

impl Connector {
    /// Makes the connection to `host` secure.
    pub async fn connect<S: Stream>(&self, host: &str, stream: S) -> Result<TlsStream<S>, Error> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| permanent(&format!("no certificate can be for the name '{host}'")))?;
        let connector = self.0.get_or_try_init(async || connector()).await?;
        connector.connect(name, stream).await.map_err(|error| explain(&error))
    }
}

fn connector() -> Result<TlsConnector, Error> {
    let roots = trust::roots().map_err(|reason| permanent(&reason))?;
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| permanent(&error.to_string()))?;
    Ok(TlsConnector::from(Arc::new(builder.with_root_certificates(roots).with_no_client_auth())))
}

/// Why there is no secure connection, in words that say what to look at. A certificate that is refused will be refused
/// again; everything else may pass.
fn explain(error: &io::Error) -> Error {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
    let Some(rustls::Error::InvalidCertificate(reason)) = cause else {
        return failure::transient(insecure(&failure::words(error)));
    };
    permanent(&match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet".to_owned()
        }
        CertificateError::UnknownIssuer => {
            "this system does not trust the issuer of the server's certificate".to_owned()
        }
        reason => format!("the server's certificate is refused: {reason}"),
    })
}

fn permanent(reason: &str) -> Error {
    failure::permanent(insecure(reason))
}

fn insecure(reason: &str) -> String {
    format!("no secure connection: {reason}")
}
