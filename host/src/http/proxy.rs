//! Which proxy a request goes through, as variables of the environment say.

use http::Uri;
use http::uri::{Authority, Scheme};
use hyper_util::client::proxy::matcher::Matcher;
use wasmtime_wasi_http::Error;

use super::endpoint::Endpoint;

/// Where a proxy is, and the credentials that are for it.
pub use hyper_util::client::proxy::matcher::Intercept as Proxy;

/// The proxy for `uri`; none if it is to be reached directly. `variable` gives the value of a variable that is set.
///
/// The Datadog Agent's variables come before those that all programs share. Of two spellings lower case counts, as it
/// does for Python's requests.
pub fn choose(uri: &Uri, variable: impl Fn(&str) -> Option<String>) -> Result<Option<Proxy>, Error> {
    let exactly = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    let either_case = |name: &str| exactly(&name.to_lowercase()).or_else(|| exactly(name));
    let first = |names: &[&str]| names.iter().find_map(|name| either_case(name));

    let value = if uri.scheme() == Some(&Scheme::HTTPS) {
        first(&["DD_PROXY_HTTPS", "HTTPS_PROXY"])
    } else if variable("REQUEST_METHOD").is_some() {
        // In a CGI script, HTTP_PROXY is what whoever asked has sent as the field `Proxy`.
        either_case("DD_PROXY_HTTP").or_else(|| exactly("http_proxy"))
    } else {
        first(&["DD_PROXY_HTTP", "HTTP_PROXY"])
    };
    let Some(value) = value.or_else(|| either_case("ALL_PROXY")) else { return Ok(None) };
    let exceptions = first(&["DD_PROXY_NO_PROXY", "NO_PROXY"]).unwrap_or_default();
    if is_exempt(uri, &exceptions)? {
        return Ok(None);
    }
    let value = value.trim();
    let url = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    // The matcher takes what it cannot read for no proxy at all.
    let proxy = Matcher::builder().all(url).build().intercept(uri).ok_or(Error::ConfigurationError)?;
    if is_usable(proxy.uri()) { Ok(Some(proxy)) } else { Err(Error::ConfigurationError) }
}

/// Whether a proxy is one of HTTP without TLS, and its port, if it has one, is a number.
fn is_usable(proxy: &Uri) -> bool {
    let has_no_port = proxy.authority().map(Authority::as_str) == proxy.host();
    proxy.scheme() == Some(&Scheme::HTTP) && (has_no_port || proxy.port().is_some())
}

/// Whether `uri` is among `exceptions`: names with everything below them, addresses, networks, and `*` for everything,
/// separated by commas or blanks.
fn is_exempt(uri: &Uri, exceptions: &str) -> Result<bool, Error> {
    let port = Endpoint::of(uri)?.port;
    let entries = exceptions.split(|c: char| c == ',' || c.is_whitespace());
    let hosts: Vec<_> = entries.filter_map(|entry| host_at(entry, port)).collect();
    // For the matcher, `*` covers names only. Any proxy does to ask it.
    let matcher = Matcher::builder().all("http://proxy").no(hosts.join(",")).build();
    Ok(hosts.contains(&"*") || matcher.intercept(uri).is_none())
}

/// The host of an entry, as the matcher understands it, unless the entry is about a port other than `port`.
fn host_at(entry: &str, port: u16) -> Option<&str> {
    let host = match entry.rsplit_once(':') {
        // The colons of an IPv6 address without brackets are its own.
        Some((host, _)) if host.contains(':') && !host.ends_with(']') => entry,
        Some((host, digits)) if digits.parse() == Ok(port) => host,
        Some(_) => return None,
        None => entry,
    };
    let host = host.strip_prefix('*').filter(|suffix| suffix.starts_with('.')).unwrap_or(host);
    Some(host.trim_start_matches('[').trim_end_matches(']'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTTP: &str = "http://api.test";
    const HTTPS: &str = "https://api.test";

    /// What becomes of `uri` with these variables: the proxy's URL, or nothing if there is none.
    fn chosen(uri: &str, variables: &[(&str, &str)]) -> String {
        let chosen = choose(&uri.parse().expect("it is a URL"), |name| {
            variables.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned())
        });
        match chosen {
            Ok(proxy) => proxy.map_or_else(String::new, |proxy| proxy.uri().to_string()),
            Err(error) => error.to_string(),
        }
    }

    fn is_exempt(uri: &str, list: &str) -> bool {
        chosen(uri, &[("ALL_PROXY", "http://proxy"), ("NO_PROXY", list)]).is_empty()
    }

    #[test]
    fn without_a_variable_there_is_no_proxy() {
        assert_eq!(chosen(HTTPS, &[]), "");
        assert_eq!(chosen(HTTP, &[("HTTPS_PROXY", "http://a"), ("DD_PROXY_HTTPS", "http://a")]), "");
        assert_eq!(chosen(HTTPS, &[("HTTP_PROXY", "http://a"), ("DD_PROXY_HTTP", "http://a")]), "");
    }

    #[test]
    fn variables_count_in_their_order() {
        for (uri, scheme) in [(HTTP, "HTTP"), (HTTPS, "HTTPS")] {
            let names = [format!("DD_PROXY_{scheme}"), format!("{scheme}_PROXY"), "ALL_PROXY".to_owned()];
            let names: Vec<_> = names.into_iter().flat_map(|name| [name.to_lowercase(), name]).collect();
            for first in 0..names.len() {
                let urls: Vec<_> = (0..names.len()).map(|index| format!("http://proxy{index}/")).collect();
                let mut variables: Vec<_> = names.iter().zip(&urls).map(|(n, u)| (n.as_str(), u.as_str())).collect();
                assert_eq!(chosen(uri, &variables[first..]), urls[first], "{variables:?}");
                // What is empty is not set.
                variables[..first].iter_mut().for_each(|(_, value)| *value = " ");
                assert_eq!(chosen(uri, &variables), urls[first], "{variables:?}");
            }
        }
    }

    #[test]
    fn exceptions_count_in_their_order() {
        let names = ["dd_proxy_no_proxy", "DD_PROXY_NO_PROXY", "no_proxy", "NO_PROXY"];
        for (index, name) in names.iter().enumerate() {
            let others = names[index + 1..].iter();
            let with = |own, other| {
                let mut variables = vec![("ALL_PROXY", "http://a"), (*name, own)];
                variables.extend(others.clone().map(|name| (*name, other)));
                chosen(HTTPS, &variables)
            };
            assert_eq!(with("api.test", "other.test"), "", "{name}");
            assert_eq!(with("other.test", "api.test"), "http://a/", "{name}");
        }
    }

    #[test]
    fn a_cgi_script_does_not_believe_who_asks() {
        let request = ("REQUEST_METHOD", "GET");
        assert_eq!(chosen(HTTP, &[request, ("HTTP_PROXY", "http://a")]), "");
        assert_eq!(chosen(HTTP, &[request, ("http_proxy", "http://a")]), "http://a/");
        assert_eq!(chosen(HTTP, &[request, ("DD_PROXY_HTTP", "http://a")]), "http://a/");
        assert_eq!(chosen(HTTPS, &[request, ("HTTPS_PROXY", "http://a")]), "http://a/");
    }

    #[test]
    fn a_proxy_without_a_scheme_is_one_of_http() {
        for value in ["proxy:3128", "http://proxy:3128", " proxy:3128/ ", "HTTP://proxy:3128", "user:pass@proxy:3128"] {
            assert_eq!(chosen(HTTPS, &[("HTTPS_PROXY", value)]), "http://proxy:3128/", "{value}");
        }
        assert_eq!(chosen(HTTPS, &[("HTTPS_PROXY", "[::1]:3128")]), "http://[::1]:3128/");
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_not_passed_over() {
        for value in [
            "https://proxy",
            "socks5://proxy",
            "ftp://proxy",
            "http://",
            "a b",
            "http://proxy:port",
            "proxy:65536",
            "é",
        ] {
            let variables = [("HTTPS_PROXY", value), ("ALL_PROXY", "http://other")];
            assert_eq!(chosen(HTTPS, &variables), Error::ConfigurationError.to_string(), "{value}");
            assert_eq!(chosen(HTTPS, &[variables[0], ("NO_PROXY", "api.test")]), "", "{value}");
        }
    }

    #[test]
    fn credentials_are_for_the_proxy() {
        let uri = Uri::from_static(HTTPS);
        let proxy = choose(&uri, |name| (name == "HTTPS_PROXY").then(|| "us%40er:p%3Ass@proxy:3128".to_owned()));
        let proxy = proxy.expect("it can be used").expect("there is one");
        assert_eq!(proxy.uri(), "http://proxy:3128/");
        // base64 of `us@er:p:ss`.
        assert_eq!(proxy.basic_auth().expect("there are credentials"), "Basic dXNAZXI6cDpzcw==");
    }

    #[test]
    fn names_are_exempt_with_everything_below_them() {
        for list in ["api.test", "API.test", ".api.test", "*.api.test", "other.test,api.test", "a\tapi.test  b", "test"]
        {
            assert!(is_exempt("https://api.test", list) && is_exempt("http://eu.api.test:8080", list), "{list}");
        }
        for list in ["", ",", " ", "pi.test", "eu.api.test", "api", "api.test.example", "*api.test", "a*.test"] {
            assert!(!is_exempt("https://api.test", list), "{list}");
        }
    }

    #[test]
    fn addresses_and_networks_are_exempt() {
        for list in ["127.0.0.1", "10.0.0.0/8 127.0.0.0/8", "127.1.2.3/8", "0.0.0.0/0"] {
            assert!(is_exempt("https://127.0.0.1:8080", list), "{list}");
        }
        for list in ["127.0.0.2", "128.0.0.0/8", "::/0", "7.0.0.1", "0.1"] {
            assert!(!is_exempt("https://127.0.0.1:8080", list), "{list}");
        }
        for list in ["::1", "[::1]", "0:0:0:0:0:0:0:1", "::/64", "a,::1"] {
            assert!(is_exempt("https://[::1]:8080", list), "{list}");
        }
        for list in ["::2", "fd00::/8", "0.0.0.0/0", "1"] {
            assert!(!is_exempt("https://[::1]:8080", list), "{list}");
        }
    }

    #[test]
    fn a_star_exempts_everything() {
        for uri in ["https://api.test", "http://127.0.0.1:8080", "http://[::1]"] {
            assert!(is_exempt(uri, "*") && is_exempt(uri, "other.test, *"), "{uri}");
        }
    }

    #[test]
    fn an_entry_with_a_port_is_about_that_port() {
        for host in ["api.test", "127.0.0.1", "[::1]"] {
            let uri = |port| format!("http://{host}{port}");
            assert!(is_exempt(&uri(":8080"), &format!("{host}:8080")), "{host}");
            assert!(!is_exempt(&uri(":8081"), &format!("{host}:8080")), "{host}");
            assert!(
                is_exempt(&uri(""), &format!("{host}:80")) && !is_exempt(&uri(""), &format!("{host}:443")),
                "{host}"
            );
            assert!(!is_exempt(&uri(":8080"), &format!("{host}:port")), "{host}");
        }
        assert!(is_exempt("https://api.test", "api.test:443") && is_exempt("https://api.test:8080", "*:8080"));
        assert!(!is_exempt("https://api.test", "*:8080"));
    }
}
