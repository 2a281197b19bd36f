//! What the component may do: only what the person who called this program asked for. Decided from how it was called,
//! with no WebAssembly in it.

use http::uri::Scheme;
use http::{Method, Uri};

use dogwrap::sites::{Api, SITES};

use crate::invocation::Invocation;

/// The most memory that the component gets, in bytes.
pub const MAXIMUM_MEMORY: usize = 64 * 1024 * 1024;

/// The shell that runs commands.
const SHELL: &[u8] = b"/bin/sh";

/// Variables that name the API, besides the option.
const SITE_VARIABLES: &[&str] = &["DD_SITE", "DATADOG_HOST"];

/// What was asked for.
pub struct Policy {
    /// The words for the shell.
    command: Vec<u8>,
    /// Who may be sent requests.
    origins: Vec<Origin>,
}

/// Who answers at an address (RFC 6454): how it is spoken to, its name, and its port.
#[derive(Debug, PartialEq, Eq)]
struct Origin {
    is_secure: bool,
    host: String,
    port: u16,
}

impl Origin {
    fn of(uri: &Uri) -> Option<Self> {
        let is_secure = uri.scheme() == Some(&Scheme::HTTPS);
        let default = if is_secure { 443 } else { 80 };
        let host = uri.host()?.to_ascii_lowercase();
        Some(Self { is_secure, host, port: uri.port_u16().unwrap_or(default) })
    }
}

impl Policy {
    /// The policy for `invocation` in an environment of which `variable` gives the values.
    pub fn new(invocation: &Invocation, variable: impl Fn(&str) -> Option<String>) -> Self {
        let sites = SITES.iter().map(|(short, _)| (*short).to_owned());
        let named = SITE_VARIABLES.iter().filter_map(|name| variable(name)).chain(invocation.site());
        let origin = |site: String| Origin::of(&Api::parse(&site).ok()?.to_string().parse().ok()?);
        Self { command: invocation.command(), origins: sites.chain(named).filter_map(origin).collect() }
    }

    /// Whether the component may start `program` with `arguments`.
    pub fn permits_command(&self, program: &[u8], arguments: &[Vec<u8>]) -> bool {
        let is_asked_for = !self.command.is_empty();
        is_asked_for
            && program == SHELL
            && matches!(arguments, [option, command] if option == b"-c" && *command == self.command)
    }

    /// Whether the component may send a request.
    pub fn permits_request(&self, method: &Method, uri: &Uri) -> bool {
        method == Method::POST && Origin::of(uri).is_some_and(|origin| self.origins.contains(&origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(line: &[&str], variables: &'static [(&str, &str)]) -> Policy {
        let arguments = ["dogwrap"].iter().chain(line).map(|word| word.as_bytes().to_vec()).collect();
        let variable =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Policy::new(&Invocation::new(arguments), variable)
    }

    #[test]
    fn only_the_command_that_was_written_is_started() {
        let permits = |line: &[&str], program: &str, arguments: &[&str]| {
            let arguments: Vec<_> = arguments.iter().map(|argument| argument.as_bytes().to_vec()).collect();
            policy(line, &[]).permits_command(program.as_bytes(), &arguments)
        };
        let line = ["-n", "name", "echo", "hi", "--", "-x"];
        assert!(permits(&line, "/bin/sh", &["-c", "echo hi -x"]));
        for (program, arguments) in [
            ("/bin/sh", &["-c", "echo hi"][..]),
            ("/bin/sh", &["-c", "name"]),
            ("/bin/sh", &["-c", "echo hi -x", "more"]),
            ("/bin/sh", &["echo hi -x"]),
            ("/bin/sh", &[]),
            ("/bin/bash", &["-c", "echo hi -x"]),
            ("sh", &["-c", "echo hi -x"]),
        ] {
            assert!(!permits(&line, program, arguments), "{program} {arguments:?}");
        }
        assert!(!permits(&["--flush"], "/bin/sh", &["-c", ""]));
    }

    #[test]
    fn requests_go_to_datadog_and_to_who_was_named() {
        let permits =
            |policy: &Policy, url: &'static str| policy.permits_request(&Method::POST, &Uri::from_static(url));
        let by_default = policy(&["true"], &[]);
        for url in [
            "https://api.datadoghq.com/api/v1/events",
            "https://API.us3.datadoghq.com:443/",
            "https://api.datadoghq.eu",
        ] {
            assert!(permits(&by_default, url), "{url}");
        }
        for url in [
            "http://api.datadoghq.com/",
            "https://api.datadoghq.com:8443/",
            "https://datadoghq.com/",
            "https://api.datadoghq.com.example/",
            "https://127.0.0.1/",
            "http://169.254.169.254/latest/meta-data",
        ] {
            assert!(!permits(&by_default, url), "{url}");
        }
        for named in [
            policy(&["-s", "http://gateway:8080/base", "true"], &[]),
            policy(&["true"], &[("DD_SITE", "http://user:password@gateway:8080")]),
            policy(&["-s", "", "true"], &[("DATADOG_HOST", "http://gateway:8080/")]),
        ] {
            assert!(permits(&named, "http://gateway:8080/base/api/v1/events"));
            assert!(!permits(&named, "https://gateway:8080/") && !permits(&named, "http://gateway/"));
        }
    }

    #[test]
    fn nothing_is_fetched() {
        let uri = Uri::from_static("https://api.datadoghq.com/");
        assert!(!policy(&["true"], &[]).permits_request(&Method::GET, &uri));
    }
}
