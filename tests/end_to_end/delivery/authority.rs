//! A certificate authority for one test, and servers that show its certificates.

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::NamedTempFile;

use super::peer::{Heard, Peer, answer};

/// Who signs certificates, and a file by which it can be trusted.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: NamedTempFile,
}

impl Authority {
    pub fn new() -> Self {
        let mut file = NamedTempFile::new().expect("a temporary file can be made");
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Authorities are told apart by their names.
        parameters.distinguished_name.push(DnType::CommonName, file.path().display().to_string());
        let issuer = CertifiedIssuer::self_signed(parameters, new_key()).expect("an authority can sign itself");
        file.write_all(issuer.pem().as_bytes()).expect("the file can be written");
        Self { issuer, file }
    }

    /// What `SSL_CERT_FILE` names to trust this authority.
    pub fn file(&self) -> &Path {
        self.file.path()
    }

    /// A server with a certificate for its address.
    pub fn server(&self) -> Peer {
        self.server_of(&Ipv4Addr::LOCALHOST.to_string())
    }

    /// A server with a certificate for `name`, which may be an address.
    pub fn server_of(&self, name: &str) -> Peer {
        self.server_with(parameters(name))
    }

    /// A server whose certificate has expired.
    pub fn expired_server(&self) -> Peer {
        let mut parameters = parameters(&Ipv4Addr::LOCALHOST.to_string());
        (parameters.not_before, parameters.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2001, 12, 31));
        self.server_with(parameters)
    }

    fn server_with(&self, parameters: CertificateParams) -> Peer {
        let key = new_key();
        let certificate = parameters.signed_by(&key, &self.issuer).expect("an authority can sign");
        let configuration = ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .expect("the provider knows them")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .expect("the key is that of the certificate");
        let configuration = Arc::new(configuration);
        Peer::start(move |stream, heard| accept(stream, heard, &configuration))
    }
}

fn parameters(name: &str) -> CertificateParams {
    CertificateParams::new([name.to_owned()]).expect("it is a name or an address")
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("the system has randomness")
}

/// Accepts one request on a secure connection.
fn accept(stream: TcpStream, heard: &Heard, configuration: &Arc<ServerConfig>) -> io::Result<()> {
    let connection = ServerConnection::new(Arc::clone(configuration)).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    heard.listen(&mut stream)?;
    stream.write_all(answer("202 Accepted", "", "").as_bytes())?;
    stream.conn.send_close_notify();
    stream.flush()
}
