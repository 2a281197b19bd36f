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

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Option<Origin> {
        Origin::of(&url.parse().expect("it is a URI"))
    }

    #[test]
    fn an_origin_is_scheme_name_and_port() {
        for (url, expected) in [
            ("https://Api.Test/path?query", "https://api.test:443"),
            ("http://api.test", "http://api.test:80"),
            ("https://user:password@api.test:8443/", "https://api.test:8443"),
            ("http://[::1]:81/", "http://[::1]:81"),
        ] {
            assert_eq!(origin(url).map(|origin| origin.to_string()).as_deref(), Some(expected));
        }
        assert_eq!(origin("/path"), None);
        assert_eq!(origin("https://api.test"), origin("https://API.TEST:443/path"));
        for other in ["http://api.test:443", "https://api.test:80", "https://api.test.", "https://test"] {
            assert_ne!(origin("https://api.test"), origin(other), "{other}");
        }
    }

    fn recipients_of(named: &[&str]) -> Vec<(String, Addresses)> {
        let recipients = recipients(named.iter().map(|site| (*site).to_owned()));
        recipients.into_iter().map(|recipient| (recipient.origin.to_string(), recipient.addresses)).collect()
    }

    #[test]
    fn all_of_datadogs_sites_are_recipients_at_public_addresses() {
        let expected: Vec<_> =
            SITES.iter().map(|(_, domain)| (format!("https://api.{domain}:443"), Addresses::Public)).collect();
        assert_eq!(recipients_of(&[]), expected);
        assert_eq!(recipients_of(&["us1", "datadoghq.eu", "us", "no site", "", "ftp://api.test"]), expected);
    }

    #[test]
    fn who_is_named_by_a_url_is_a_recipient_at_private_addresses_as_well() {
        let gateway = ("http://gateway:80".to_owned(), Addresses::AlsoPrivate);
        assert_eq!(recipients_of(&["http://gateway/a", "http://gateway/b"])[SITES.len()..], [gateway]);
        let named = recipients_of(&["us1", "https://api.datadoghq.com", "us1"]);
        assert_eq!(named.len(), SITES.len());
        assert_eq!(named[0], ("https://api.datadoghq.com:443".to_owned(), Addresses::AlsoPrivate));
        assert!(named[1..].iter().all(|(_, addresses)| *addresses == Addresses::Public));
    }
}
