//! TLS, trusting whom the system trusts: its store, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name instead.

use std::io;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, CertificateError, ClientConfig, RootCertStore};
use wasmtime_wasi_http::Error;

use super::failed;

/// Makes the connection to `host` secure.
pub async fn connect(host: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, Error> {
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(host).map_err(|error| failed(error.to_string()))?;
    let connector = TlsConnector::from(Arc::new(configuration()?));
    connector.connect(name, stream).await.map_err(|error| failed(format!("no secure connection: {}", explain(&error))))
}

/// Why there is no secure connection, in words that say what to look at.
fn explain(error: &io::Error) -> String {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    match cause {
        Some(rustls::Error::InvalidCertificate(reason)) => match reason {
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
        },
        _ => error.to_string(),
    }
}

fn configuration() -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    // Single certificates that cannot be read are left out, as everywhere.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(failed("the system trusts nobody: no certificates were found, install ca-certificates"));
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| failed(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
