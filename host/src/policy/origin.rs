//! Who may be sent requests: Datadog's APIs, and the one that the invoker names.

use std::fmt;

use http::Uri;
use http::uri::Scheme;

use dogwrap::sites::{Api, SITES};

use super::Addresses;

/// Who answers at an address (RFC 6454): how it is spoken to, its name, and its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    is_secure: bool,
    host: String,
    port: u16,
}

impl Origin {
    /// Who answers a request to `uri`.
    pub fn of(uri: &Uri) -> Option<Self> {
        let is_secure = uri.scheme() == Some(&Scheme::HTTPS);
        let default = if is_secure { 443 } else { 80 };
        let host = uri.host()?.to_ascii_lowercase();
        Some(Self { is_secure, host, port: uri.port_u16().unwrap_or(default) })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let Self { is_secure, host, port } = self;
        write!(formatter, "{}://{host}:{port}", if *is_secure { "https" } else { "http" })
    }
}

/// An origin, and at which of the addresses that its name leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    pub origin: Origin,
    pub addresses: Addresses,
}

/// Datadog's APIs and those of the sites `named`, each once.
///
/// One of Datadog's sites is on the Internet. Where else an API is can be known only to who names its URL, be it that of
/// such a site.
pub fn recipients(named: impl Iterator<Item = String>) -> Vec<Recipient> {
    let mut recipients: Vec<Recipient> = Vec::new();
    for site in SITES.iter().map(|(short, _)| (*short).to_owned()).chain(named) {
        let addresses = if Api::of_site(&site).is_some() { Addresses::Public } else { Addresses::AlsoPrivate };
        let origin = || Origin::of(&Api::parse(&site).ok()?.to_string().parse().ok()?);
        let Some(origin) = origin() else { continue };
        match recipients.iter_mut().find(|recipient| recipient.origin == origin) {
            Some(known) => known.addresses = known.addresses.max(addresses),
            None => recipients.push(Recipient { origin, addresses }),
        }
    }
    recipients
}
