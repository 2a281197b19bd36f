//! What becomes of a request that was not accepted: tried again, kept, or set aside; and how long to wait in between.

use std::time::{Duration, SystemTime};

/// The pause before the second attempt, at most. It doubles with every further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause between two attempts that nobody asked for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Why a request was not accepted. The reasons are in words for people, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It may well be accepted when it is tried again.
    Transient {
        reason: String,
        /// How long the API asks to be left alone.
        wait: Option<Duration>,
        /// Whether there was an answer. Without one, other requests need not be tried.
        answered: bool,
    },
    /// It is not the request's fault, but trying again at once will not help: somebody has to do something.
    Lasting { reason: String },
    /// The API does not accept the key. With another it may accept the request.
    KeyRefused { reason: String },
    /// This request will never be accepted.
    Final { reason: String },
}

impl Failure {
    pub fn reason(&self) -> &str {
        match self {
            Self::Transient { reason, .. }
            | Self::Lasting { reason }
            | Self::KeyRefused { reason }
            | Self::Final { reason } => reason,
        }
    }

    /// Whether there was an answer, which tells more than that there was none.
    pub fn is_answered(&self) -> bool {
        !matches!(self, Self::Transient { answered: false, .. })
    }

    /// Whether another request may fare better at once: the API could be reached, and knows the key.
    pub fn is_about_the_request(&self) -> bool {
        matches!(self, Self::Transient { answered: true, wait: None, .. } | Self::Final { .. })
    }

    /// The failure that an HTTP status is, which is not one of success. `words` are those of the answer.
    ///
    /// Of Datadog's API: 408, 429 and 5xx pass; 400 and 413 are about the request itself; 401 and 403 are about the key.
    pub fn of_status(status: u16, words: &str, wait: Option<Duration>) -> Self {
        let name = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let mut reason = name.map_or_else(|| status.to_string(), |name| format!("{status} {name}"));
        if !words.is_empty() {
            reason = format!("{reason}: {words}");
        }
        match status {
            400 | 413 => Self::Final { reason },
            401 | 403 => Self::KeyRefused { reason: format!("the API does not accept the key: {reason}") },
            408 | 429 | 500.. => Self::Transient { reason, wait, answered: true },
            _ => Self::Lasting { reason },
        }
    }

    /// How long to wait before the next attempt, after `attempts` of them, or none when there should be no other.
    ///
    /// The pause doubles with each attempt. Half of it is left to chance, from which `random` is drawn: those who failed
    /// together do not come back together.
    pub fn pause(&self, attempts: u32, random: u64) -> Option<Duration> {
        let Self::Transient { wait, .. } = self else { return None };
        let doublings = attempts.saturating_sub(1).min(16);
        let most = (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE);
        let half = most / 2;
        let chance = half.mul_f64(random as f64 / u64::MAX as f64);
        Some(half + chance + wait.unwrap_or_default())
    }
}

/// How long an answer asks to be left alone: `X-RateLimit-Reset`, in seconds, or `Retry-After`, in seconds or as a date
/// (RFC 9110, section 10.2.3). `now` is the time of the answer.
pub fn requested_wait(rate_limit_reset: Option<&str>, retry_after: Option<&str>, now: SystemTime) -> Option<Duration> {
    let seconds = |value: &str| value.trim().parse::<u32>().ok().map(|seconds| Duration::from_secs(seconds.into()));
    let until =
        |value: &str| Some(httpdate::parse_http_date(value.trim()).ok()?.duration_since(now).unwrap_or_default());
    rate_limit_reset.and_then(seconds).or_else(|| retry_after.and_then(|value| seconds(value).or_else(|| until(value))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_tried_again_and_what_does_not_is_not() {
        let failure = |status| Failure::of_status(status, "", None);
        for status in [408, 429, 500, 502, 503, 504, 599] {
            assert!(matches!(failure(status), Failure::Transient { .. }), "{status}");
        }
        for status in [301, 302, 307, 402, 404, 405, 407, 409, 418, 422] {
            assert!(matches!(failure(status), Failure::Lasting { .. }), "{status}");
            assert_eq!(failure(status).pause(1, 0), None);
        }
        for status in [401, 403] {
            assert!(matches!(failure(status), Failure::KeyRefused { .. }), "{status}");
            assert_eq!(failure(status).pause(1, 0), None);
        }
        for status in [400, 413] {
            assert!(matches!(failure(status), Failure::Final { .. }), "{status}");
            assert_eq!(failure(status).pause(1, 0), None);
        }
    }

    #[test]
    fn the_reason_holds_the_status_and_the_words() {
        assert_eq!(Failure::of_status(503, "", None).reason(), "503 Service Unavailable");
        assert_eq!(Failure::of_status(400, "bad tag", None).reason(), "400 Bad Request: bad tag");
        assert_eq!(Failure::of_status(599, "", None).reason(), "599");
        assert_eq!(Failure::of_status(403, "", None).reason(), "the API does not accept the key: 403 Forbidden");
    }

    #[test]
    fn pauses_double_up_to_a_limit_and_half_of_each_is_chance() {
        let failure = Failure::of_status(503, "", None);
        let pause = |attempts, random| failure.pause(attempts, random).expect("503 passes").as_millis();
        assert_eq!([pause(1, 0), pause(1, u64::MAX)], [250, 500]);
        assert_eq!([pause(2, 0), pause(2, u64::MAX)], [500, 1000]);
        assert_eq!([pause(5, 0), pause(5, u64::MAX)], [4000, 8000]);
        assert_eq!([pause(u32::MAX, 0), pause(u32::MAX, u64::MAX)], [15_000, 30_000]);
    }

    #[test]
    fn what_the_api_asks_for_comes_on_top() {
        let failure = Failure::of_status(429, "", Some(Duration::from_secs(3)));
        assert_eq!(failure.pause(1, 0), Some(Duration::from_millis(3250)));
    }

    #[test]
    fn a_wait_is_given_in_seconds_or_as_a_date() {
        let now = httpdate::parse_http_date("Sun, 22 Nov 2026 10:00:00 GMT").expect("a date");
        let wait = |reset, after| requested_wait(reset, after, now).map(|wait| wait.as_secs());
        assert_eq!(wait(Some("7"), Some("9")), Some(7));
        assert_eq!(wait(None, Some(" 9 ")), Some(9));
        assert_eq!(wait(None, Some("Sun, 22 Nov 2026 10:00:11 GMT")), Some(11));
        assert_eq!(wait(None, Some("Sun, 22 Nov 2026 09:00:00 GMT")), Some(0));
        assert_eq!(wait(Some("soon"), Some("-1")), None);
        assert_eq!(wait(Some("99999999999999"), None), None);
        assert_eq!(wait(None, None), None);
    }
}
