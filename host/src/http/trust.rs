//! Whom to trust: the certificates that a variable of the environment names, or else those of the system.

use std::env;
use std::ffi::OsString;
use std::path::Path;

use rustls_native_certs::{CertificateResult, ErrorKind, load_certs_from_paths, load_native_certs};
use tokio_rustls::rustls::RootCertStore;

use super::failure;

/// Variables that name a file or a directory, as Python's requests has them: the first that is set counts alone.
const BUNDLES: [&str; 2] = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];

/// Variables that take the place of the system's certificates, as OpenSSL has them.
const REPLACEMENTS: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Everybody to trust, or why there is nobody.
pub fn roots() -> Result<RootCertStore, String> {
    let bundle = BUNDLES.into_iter().find_map(set);
    let found = match &bundle {
        Some((_, path)) => load(Path::new(path)),
        None => load_native_certs(),
    };
    let mut roots = RootCertStore::empty();
    // Single certificates that cannot be read are left out, as everywhere.
    roots.add_parsable_certificates(found.certs.iter().cloned());
    if !roots.is_empty() {
        return Ok(roots);
    }
    let variables = match bundle {
        Some(bundle) => vec![bundle],
        None => REPLACEMENTS.into_iter().filter_map(set).collect(),
    };
    Err(explain(&variables, &found))
}

/// A variable with its value, if it has one.
fn set(name: &'static str) -> Option<(&'static str, OsString)> {
    env::var_os(name).filter(|value| !value.is_empty()).map(|value| (name, value))
}

fn load(path: &Path) -> CertificateResult {
    if path.is_dir() { load_certs_from_paths(None, Some(path)) } else { load_certs_from_paths(Some(path), None) }
}

/// Why there is nobody to trust, in words that say what to look at.
fn explain(variables: &[(&str, OsString)], found: &CertificateResult) -> String {
    if variables.is_empty() {
        return "this system trusts nobody: no certificates were found, install ca-certificates".to_owned();
    }
    let variables: Vec<_> = variables.iter().map(|(name, value)| format!("{name}={}", value.display())).collect();
    let reason = found.errors.first().map_or_else(String::new, |error| match &error.kind {
        ErrorKind::Io { inner, .. } => format!(": {}", failure::words(inner)),
        _ => ": there is none in PEM form".to_owned(),
    });
    format!("no certificates were found with {}{reason}", variables.join(" and "))
}
