//! An answer of the API: whether it accepts a request, and otherwise the API's own words, as they can be shown to people.

use std::time::SystemTime;

use serde::Deserialize;

use crate::destination::Destination;
use crate::excerpt::first;
use crate::listing::printable;
use crate::retry::{Failure, requested_wait};
use crate::secret::Secret;

/// How much of an answer is worth reading, in bytes. The API's are far shorter.
pub const MAXIMUM_BYTES: u64 = 16 * 1024;

/// How much of an answer's words is shown, in characters.
pub const MAXIMUM_WORDS: usize = 200;

/// What stands for a secret that was in an answer.
const CONCEALED: &str = "***";

/// An answer to a request.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    pub status: u16,
    /// The value of `X-RateLimit-Reset`.
    pub rate_limit_reset: Option<&'a str>,
    /// The value of `Retry-After`.
    pub retry_after: Option<&'a str>,
    /// As much of it as was read, which need not be more than [`MAXIMUM_BYTES`].
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// Whether a request for `destination` was accepted, by this answer at `now`.
    pub fn verdict(&self, destination: &Destination, now: SystemTime) -> Result<(), Failure> {
        match self.status {
            200..300 => Ok(()),
            status => {
                let wait = requested_wait(self.rate_limit_reset, self.retry_after, now);
                Err(Failure::of_status(status, &words(self.body, destination), wait))
            }
        }
    }
}

/// The errors that `body`, the answer to a request for `destination`, tells of; empty if it tells of none.
///
/// Whoever answers is not trusted: this is one line of at most [`MAXIMUM_WORDS`] characters, nothing in it commands a
/// terminal, and no secret that was sent is repeated.
pub fn words(body: &[u8], destination: &Destination) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        errors: Vec<String>,
    }
    let refusal = serde_json::from_slice(body);
    let words = refusal.map_or_else(|_| String::new(), |refusal: Refusal| refusal.errors.join(", "));
    let line = printable(&words).split_whitespace().collect::<Vec<_>>().join(" ");
    // No secret holds a blank, so that one which is not found in the line was not in the words either.
    let shown = secrets(destination).fold(line, |line, secret| line.replace(secret, CONCEALED));
    first(&shown, MAXIMUM_WORDS).to_owned()
}

/// Everything secret that a request to `destination` carries. Of basic authentication that is what follows the scheme.
fn secrets(destination: &Destination) -> impl Iterator<Item = &str> {
    let keys = [&destination.api_key, &destination.application_key].into_iter().flatten().map(Secret::reveal);
    let credentials = destination.api.authorization().and_then(|value| value.reveal().split(' ').next_back());
    keys.chain(credentials)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::KeySource;
    use crate::sites::Api;

    /// The words of an answer with these errors, written in JSON.
    fn words_of(errors: &str) -> String {
        let destination = Destination {
            api: Api::parse("http://user:pass@api.test").expect("a URL"),
            site_is_in_environment: false,
            api_key: Secret::new("api-key"),
            key_source: KeySource::Option,
            application_key: Secret::new("application-key"),
        };
        words(format!(r#"{{"errors": {errors}}}"#).as_bytes(), &destination)
    }

    #[test]
    fn errors_are_joined() {
        assert_eq!(words_of(r#"["First", "second"]"#), "First, second");
        for other in ["[]", r#"[""]"#, r#""text""#, r#"[{"title": "x"}]"#, "[", "null"] {
            assert_eq!(words_of(other), "", "{other}");
        }
    }

    #[test]
    fn words_are_one_short_line_that_a_terminal_can_show() {
        assert_eq!(words_of(r#"[" one\ntwo\r\n\tthree\u2028four "]"#), "one two three four");
        assert_eq!(words_of(r#"["\u001b[2Jgone\u0007\u009b2J"]"#), "[2Jgone 2J");
        assert_eq!(words_of(&format!(r#"["{}"]"#, "é".repeat(5000))), "é".repeat(MAXIMUM_WORDS));
    }

    #[test]
    fn secrets_are_concealed_however_they_are_repeated() {
        assert_eq!(words_of(r#"["api-key application-key"]"#), "*** ***");
        assert_eq!(words_of(r#"["xapi-keyapi-key"]"#), "x******");
        for authorization in ["Basic dXNlcjpwYXNz", "basic  dXNlcjpwYXNz", r"Basic\ndXNlcjpwYXNz", "(dXNlcjpwYXNz)"] {
            let shown = words_of(&format!(r#"["{authorization}"]"#));
            assert!(shown.contains("***") && !shown.contains("dXNl"), "{shown}");
        }
    }
}
