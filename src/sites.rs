//! Datadog's sites, and the address of the API that events are sent to.

use std::fmt;

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

/// The address of an API: where requests go, without the path of any of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api(String);

impl Api {
    /// The API of Datadog's first site, which is the default.
    pub fn default_site() -> Self {
        Self::of_domain(SITES[0].1)
    }

    fn of_domain(domain: &str) -> Self {
        Self(format!("https://api.{domain}"))
    }

    /// Reads a site: one of Datadog's by short name or domain, or the URL of an API.
    ///
    /// Of a URL, slashes and blanks at the ends do not count, and a path goes in front of the API's own. The error says
    /// what is wrong with it.
    pub fn parse(site: &str) -> Result<Self, String> {
        let name = ALIASES.iter().find(|(alias, _)| *alias == site).map_or(site, |(_, name)| *name);
        if let Some((_, domain)) = SITES.iter().find(|(short, domain)| *short == name || *domain == name) {
            return Ok(Self::of_domain(domain));
        }
        Self::parse_url(site)
    }

    fn parse_url(site: &str) -> Result<Self, String> {
        let url = site.trim().trim_matches('/');
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
        if authority.as_str().contains('@') {
            return Err("a URL of an API holds no user name or password".to_owned());
        }
        if url.contains(['?', '#']) {
            return Err("a URL of an API has no query and no fragment".to_owned());
        }
        let path = uri.path().trim_end_matches('/');
        Ok(Self(format!("{scheme}://{authority}{path}")))
    }

    /// The URL of a request to `path`, which starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl fmt::Display for Api {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
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
    fn anything_else_is_refused() {
        for site in ["", "US", "us4", "datadoghq.com/", "api.datadoghq.com", "h:80", "ftp://h", "http://", "http://u:p@h"] {
            assert!(Api::parse(site).is_err(), "{site:?}");
        }
        for site in ["http://h?a=b", "http://h/#x", "http://h h"] {
            assert!(Api::parse(site).is_err(), "{site:?}");
        }
    }
}
