//! A certificate authority for one test, and servers that show its certificates.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::{NamedTempFile, TempDir};

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

    /// The file by which this authority can be trusted.
    pub fn file(&self) -> &Path {
        self.file.path()
    }

    /// A directory by which it can be trusted as well, as c_rehash(1) leaves one: the file has a second name there, of
    /// which the first part stands for a hash.
    pub fn directory(&self) -> TempDir {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        symlink(self.file(), directory.path().join("9d66eef0.0")).expect("the directory can be written to");
        directory
    }

    /// A server with a certificate for its address.
    pub fn server(&self) -> Peer {
        self.server_at(Ipv4Addr::LOCALHOST)
    }

    /// The same at another address of this machine.
    pub fn server_at(&self, address: impl Into<IpAddr>) -> Peer {
        let address = address.into();
        let configuration = self.configuration(parameters(&address.to_string()));
        Peer::start_at(address, move |stream, heard| accept(stream, heard, &configuration))
    }

    /// A server with a certificate for `name`, which may be an address.
    pub fn server_of(&self, name: &str) -> Peer {
        self.server_with(parameters(name))
    }

    /// The same where somebody listens already.
    pub fn server_on(&self, listener: TcpListener, name: &str) -> Peer {
        let configuration = self.configuration(parameters(name));
        Peer::start_on(listener, move |stream, heard| accept(stream, heard, &configuration))
    }

    /// A server whose certificate is valid from one year until another.
    pub fn server_between(&self, first: i32, last: i32) -> Peer {
        let mut parameters = parameters(&Ipv4Addr::LOCALHOST.to_string());
        (parameters.not_before, parameters.not_after) = (date_time_ymd(first, 1, 1), date_time_ymd(last, 12, 31));
        self.server_with(parameters)
    }

    /// A server that hears every request and hangs up, without a word of TLS either.
    pub fn server_that_hangs_up(&self) -> Peer {
        let configuration = self.configuration(parameters(&Ipv4Addr::LOCALHOST.to_string()));
        Peer::start(move |stream, heard| heard.listen(secure(stream, &configuration)?).map(|_| ()))
    }

    fn server_with(&self, parameters: CertificateParams) -> Peer {
        let configuration = self.configuration(parameters);
        Peer::start(move |stream, heard| accept(stream, heard, &configuration))
    }

    /// What a server needs to show a certificate with these parameters.
    fn configuration(&self, parameters: CertificateParams) -> Arc<ServerConfig> {
        let key = new_key();
        let certificate = parameters.signed_by(&key, &self.issuer).expect("an authority can sign");
        let configuration = ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .expect("the provider knows them")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .expect("the key is that of the certificate");
        Arc::new(configuration)
    }
}

fn parameters(name: &str) -> CertificateParams {
    CertificateParams::new([name.to_owned()]).expect("it is a name or an address")
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("the system has randomness")
}

type SecureStream = StreamOwned<ServerConnection, TcpStream>;

fn secure(stream: TcpStream, configuration: &Arc<ServerConfig>) -> io::Result<SecureStream> {
    let connection = ServerConnection::new(Arc::clone(configuration)).map_err(io::Error::other)?;
    Ok(StreamOwned::new(connection, stream))
}

/// Accepts one request on a secure connection.
fn accept(stream: TcpStream, heard: &Heard, configuration: &Arc<ServerConfig>) -> io::Result<()> {
    let mut stream = secure(stream, configuration)?;
    heard.listen(&mut stream)?;
    stream.write_all(answer("202 Accepted", "", "").as_bytes())?;
    stream.conn.send_close_notify();
    stream.flush()
}
