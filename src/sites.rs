//! Datadog's sites, and the address of the API that events are sent to.

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::secret::Secret;

/// Datadog's sites: short name, domain. The API of a site is `https://api.DOMAIN`.
///
/// From the servers of Datadog's OpenAPI description and its documentation of sites; `us` is dogwrap's own name for the
/// first.
pub const SITES: &[(&str, &str)] = &[
    ("us1", "datadoghq.com"),
    ("us3", "us3.datadoghq.com"),
    ("us5", "us5.datadoghq.com"),
    ("eu", "datadoghq.eu"),
    ("ap1", "ap1.datadoghq.com"),
    ("ap2", "ap2.datadoghq.com"),
    ("uk1", "uk1.datadoghq.com"),
    ("gov", "ddog-gov.com"),
    ("us2-fed", "us2.ddog-gov.com"),
];

/// Names that mean the same as one in [`SITES`].
const ALIASES: &[(&str, &str)] = &[("us", "us1"), ("eu1", "eu"), ("us1-fed", "gov")];

/// What may not stand in a URL as it is, and is encoded for whoever wrote it so.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ');

/// The address of an API: where requests go, without the path of any of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    address: String,
    /// The domain, if one of Datadog's sites was named and not a URL.
    domain: Option<&'static str>,
    /// The value of the `Authorization` header that a gateway before the API asks for.
    authorization: Option<Secret>,
}

impl Api {
    /// The API of Datadog's first site, which is the default.
    pub fn default_site() -> Self {
        Self::of_domain(SITES[0].1)
    }

    fn of_domain(domain: &'static str) -> Self {
        Self { address: format!("https://api.{domain}"), domain: Some(domain), authorization: None }
    }

    /// Reads a site: one of Datadog's by short name or domain, or the URL of an API.
    ///
    /// Of a URL, slashes and blanks at the ends do not count, a path goes in front of the API's own, and a user name
    /// with its password is sent as basic authentication. The error says what is wrong, without showing any of it.
    pub fn parse(site: &str) -> Result<Self, String> {
        Self::of_site(site).map_or_else(|| Self::parse_url(site), Ok)
    }

    /// The API of one of Datadog's sites, by short name or domain; none for anything else, a URL too.
    pub fn of_site(site: &str) -> Option<Self> {
        let name = ALIASES.iter().find(|(alias, _)| *alias == site).map_or(site, |(_, name)| *name);
        let (_, domain) = SITES.iter().find(|(short, domain)| *short == name || *domain == name)?;
        Some(Self::of_domain(domain))
    }

    fn parse_url(site: &str) -> Result<Self, String> {
        let url = utf8_percent_encode(site.trim().trim_matches('/'), ENCODED).to_string();
        let unknown = || {
            let names: Vec<&str> = SITES.iter().map(|(short, _)| *short).collect();
            format!("not one of {}, nor one of their domains, nor a URL", names.join(", "))
        };
        let uri: http::Uri = url.parse().map_err(|_| unknown())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(unknown());
        };
        if scheme != "http" && scheme != "https" {
            return Err("a URL of an API starts with http:// or https://".to_owned());
        }
        if url.contains(['?', '#']) {
            return Err("a URL of an API has no query and no fragment".to_owned());
        }
        let (credentials, server) = match authority.as_str().rsplit_once('@') {
            Some((credentials, server)) => (Some(credentials), server),
            None => (None, authority.as_str()),
        };
        // Without this check a password with a slash in it would pass for a port and a path.
        let port = server.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'));
        if port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return Err("the port of a URL is a number up to 65535".to_owned());
        }
        let path = uri.path().trim_end_matches('/');
        Ok(Self {
            address: format!("{scheme}://{server}{path}"),
            domain: None,
            authorization: credentials.and_then(|credentials| Secret::header(&basic_authentication(credentials))),
        })
    }

    /// The URL of a request to `path`, which starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// What names this API on a command line, less credentials: a site, if it was named as one, or else the URL. The two
    /// differ in the addresses that they may lead to.
    pub fn site(&self) -> &str {
        self.domain.unwrap_or(&self.address)
    }

    /// The value of the `Authorization` header to send, if any.
    pub fn authorization(&self) -> Option<&Secret> {
        self.authorization.as_ref()
    }
}

impl fmt::Display for Api {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.address)
    }
}

/// The header value for `user:password`, as they stand in a URL (RFC 7617).
fn basic_authentication(credentials: &str) -> String {
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    let decoded = [user, password].map(|part| percent_decode_str(part).collect::<Vec<u8>>());
    format!("Basic {}", BASE64_STANDARD.encode(decoded.join(&b':')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(site: &str) -> String {
        Api::parse(site).expect(site).to_string()
    }

    #[test]
    fn a_site_is_found_by_short_name_and_by_domain() {
        for (short, domain) in SITES {
            assert_eq!(address(short), format!("https://api.{domain}"));
            assert_eq!(address(domain), format!("https://api.{domain}"));
        }
        assert_eq!(address("us"), address("us1"));
        assert_eq!(Api::of_site("us"), Some(Api::default_site()));
        assert_eq!(Api::of_site("https://api.datadoghq.com"), None);
        assert_eq!(Api::default_site().site(), "datadoghq.com");
        assert_eq!(Api::parse("https://api.datadoghq.com").expect("a URL").site(), "https://api.datadoghq.com");
    }

    #[test]
    fn a_url_is_taken_as_it_is_but_for_its_ends() {
        assert_eq!(address("http://h/"), "http://h");
        assert_eq!(address("http://h//"), "http://h");
        assert_eq!(address("/http://h"), "http://h");
        assert_eq!(address(" http://h"), "http://h");
        assert_eq!(address("HTTP://h:81"), "http://h:81");
        assert_eq!(address("https://[::1]:8/base/"), "https://[::1]:8/base");
        assert_eq!(Api::parse("http://h/base").expect("a URL").url("/api/v1/events"), "http://h/base/api/v1/events");
    }

    #[test]
    fn what_a_url_cannot_hold_is_encoded() {
        assert_eq!(address("http://h/a b/é"), "http://h/a%20b/%C3%A9");
    }

    #[test]
    fn credentials_are_sent_and_not_shown() {
        let api = Api::parse("http://user:pa%73s@h:81/base").expect("a URL");
        assert_eq!(api.to_string(), "http://h:81/base");
        assert_eq!(api.authorization().map(Secret::reveal), Some("Basic dXNlcjpwYXNz"));
        assert!(!format!("{api:?}").contains("dXNl"));
    }

    #[test]
    fn anything_else_is_refused() {
        for site in ["", "US", "us4", "datadoghq.com/", "api.datadoghq.com", "h:80", "ftp://h", "http://"] {
            assert!(Api::parse(site).is_err(), "{site:?}");
        }
        for site in ["http://h:port", "http://h:99999", "http://h:", "http://user:pass/word@h"] {
            assert!(Api::parse(site).is_err(), "{site:?}");
        }
        for site in ["http://h?a=b", "http://h/#x", "http://h h"] {
            assert!(Api::parse(site).is_err(), "{site:?}");
        }
    }
}
