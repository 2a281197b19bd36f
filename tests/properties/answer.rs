//! Whatever answers a request: what is shown of it is harmless, what it asks for is bounded, and no secret comes back.

use std::time::{Duration, SystemTime};

use dogwrap::answer::{MAXIMUM_WORDS, words};
use dogwrap::destination::{Destination, KeySource};
use dogwrap::retry::{Failure, requested_wait};
use dogwrap::secret::Secret;
use dogwrap::sites::Api;

const API_KEY: &str = "0123456789abcdef0123456789abcdef";
const APPLICATION_KEY: &str = "fedcba9876543210fedcba9876543210fedcba98";
/// What basic authentication makes of `user:password`.
const CREDENTIALS: &str = "dXNlcjpwYXNzd29yZA==";

/// The last moment that a header can name, in seconds since 1970: the end of the year 9999.
const LAST_MOMENT: Duration = Duration::from_secs(253_402_300_799);

/// Reads `input` as an answer: a line with the status, lines with header fields, an empty line, and the body.
pub fn holds_of(input: &[u8]) {
    let (head, body) = split(input);
    let (status, fields) = head.split_once('\n').unwrap_or((&head, ""));
    let status = status.trim().parse().unwrap_or(500);

    let words = words(body, &destination());
    assert!(words.chars().count() <= MAXIMUM_WORDS, "{words:?}");
    assert_presentable(&words);

    let wait = requested_wait(field(fields, "X-RateLimit-Reset"), field(fields, "Retry-After"), SystemTime::UNIX_EPOCH);
    assert!(wait.is_none_or(|wait| wait <= LAST_MOMENT), "{wait:?}");

    let failure = Failure::of_status(status, &words, wait);
    assert!(failure.reason().contains(&status.to_string()), "{failure:?}");
    assert!(failure.reason().ends_with(&words), "{failure:?}");
    assert_presentable(failure.reason());
    assert_pauses_are_bounded(&failure);
}

/// The head of an answer and its body.
fn split(answer: &[u8]) -> (String, &[u8]) {
    let end = answer.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = end.map_or((answer, &[][..]), |end| (&answer[..end], &answer[end + 2..]));
    (String::from_utf8_lossy(head).into_owned(), body)
}

fn field<'a>(fields: &'a str, wanted: &str) -> Option<&'a str> {
    fields.lines().filter_map(|line| line.split_once(':')).find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

fn destination() -> Destination {
    Destination {
        api: Api::parse("https://user:password@api.test").expect("a URL"),
        site_is_in_environment: false,
        api_key: Secret::new(API_KEY),
        key_source: KeySource::Option,
        application_key: Secret::new(APPLICATION_KEY),
    }
}

/// Checks that `text` is one line of which nothing commands a terminal, and holds no secret.
fn assert_presentable(text: &str) {
    assert!(
        !text.contains(|character: char| character.is_control() || "\u{2028}\u{2029}".contains(character)),
        "{text:?}"
    );
    for secret in [API_KEY, APPLICATION_KEY, CREDENTIALS] {
        assert!(!text.contains(secret), "{text:?}");
    }
}

/// Checks that there is a pause exactly where another attempt makes sense, of what was asked for and at most half a minute.
fn assert_pauses_are_bounded(failure: &Failure) {
    for attempts in [0, 1, 2, 6, 7, u32::MAX] {
        for random in [0, 1, u64::MAX] {
            match (failure, failure.pause(attempts, random)) {
                (Failure::Transient { wait, .. }, Some(pause)) => {
                    let own = pause.checked_sub(wait.unwrap_or_default()).expect("what was asked for is waited for");
                    assert!((Duration::from_millis(250)..=Duration::from_secs(30)).contains(&own), "{own:?}");
                }
                (Failure::Transient { .. }, None) => panic!("{failure:?} passes, but is not tried again"),
                (_, pause) => assert_eq!(pause, None, "{failure:?}"),
            }
        }
    }
}
