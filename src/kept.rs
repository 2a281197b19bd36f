//! A request that waits in the spool, as it stands in its file: what it is, who it is for, and why it waits.

use serde::{Deserialize, Serialize};

use crate::destination::Recipient;
use crate::requests::Request;
use crate::retry::Failure;

/// A request that could not be delivered. There is no key in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept {
    pub recipient: Recipient,
    /// The name of the job.
    pub job: String,
    /// When what it reports happened, in seconds since 1970.
    pub happened_at: u64,
    /// How many times its delivery was tried, each with all attempts that its time allowed.
    pub tried: u32,
    /// When that was for the last time, in seconds since 1970; when it was kept, if never.
    pub tried_at: u64,
    /// Why it was not delivered then, in words for people.
    pub reason: String,
    /// Whether it was this request that the API did not take then: others may fare better.
    #[serde(default)]
    pub request_was_at_fault: bool,
    pub request: Request,
}

/// After a failed delivery of something that waits, runs leave it alone for this long, in seconds. It doubles with each
/// time.
const FIRST_REST: u64 = 30;

/// The longest rest, in seconds.
const LONGEST_REST: u64 = 60 * 60;

impl Kept {
    /// The request of a run of `job`, which is tried for the first time at `now`, or was not tried at all.
    pub fn new(recipient: Recipient, job: &str, happened_at: f64, request: Request, now: u64) -> Self {
        Self {
            recipient,
            job: job.to_owned(),
            happened_at: happened_at as u64,
            tried: 0,
            tried_at: now,
            reason: String::new(),
            request_was_at_fault: false,
            request,
        }
    }

    /// The same, which waits for this reason without having been tried.
    pub fn untried(self, reason: &str) -> Self {
        Self { reason: reason.to_owned(), ..self }
    }

    /// The same after another delivery that failed at `now`.
    pub fn failed(mut self, now: u64, failure: &Failure) -> Self {
        self.tried = self.tried.saturating_add(1);
        self.tried_at = now;
        failure.reason().clone_into(&mut self.reason);
        self.request_was_at_fault = failure.is_about_the_request();
        self.recipient.key_was_refused |= matches!(failure, Failure::KeyRefused { .. });
        self
    }

    /// The content of its file.
    pub fn to_file(&self) -> Vec<u8> {
        // It is plain data with text for its keys: there is nothing that JSON could not hold.
        let mut text = serde_json::to_vec_pretty(self).unwrap_or_default();
        text.push(b'\n');
        text
    }

    /// Whether runs should leave this alone for now: no job is to be held up again and again by a network that is down, or
    /// by an event that the API chokes on.
    pub fn rests(&self, now: u64) -> bool {
        let Some(again) = self.tried.checked_sub(2) else { return false };
        let rest = FIRST_REST.saturating_mul(1 << again.min(16)).min(LONGEST_REST);
        // A clock that was set back does not make it rest for longer than that.
        now.abs_diff(self.tried_at) < rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requests::Kind;
    use serde_json::value::to_raw_value;

    fn kept(tried: u32) -> Kept {
        Kept {
            recipient: Recipient { api: "https://api.test".to_owned(), key: None, key_was_refused: false },
            job: "job".to_owned(),
            happened_at: 900,
            tried,
            tried_at: 10_000,
            reason: "connection refused".to_owned(),
            request_was_at_fault: false,
            request: Request { kind: Kind::Event, body: to_raw_value("body").expect("JSON"), text_when_old: None },
        }
    }

    #[test]
    fn what_was_just_kept_is_tried_by_the_next_run_and_rests_longer_after_each_failure() {
        assert!(!kept(0).rests(10_000) && !kept(1).rests(10_000));
        assert!(kept(2).rests(10_029) && !kept(2).rests(10_030));
        assert!(kept(3).rests(10_059) && !kept(3).rests(10_060));
        assert!(kept(u32::MAX).rests(13_599) && !kept(u32::MAX).rests(13_600));
        assert!(!kept(2).rests(9_000), "the clock was set back");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let kept = kept(1).failed(10_500, &Failure::of_status(403, "", None));
        let read: Kept = serde_json::from_str(&serde_json::to_string(&kept).expect("JSON")).expect("the same");
        assert_eq!((read.tried, read.tried_at), (2, 10_500));
        assert_eq!(read.reason, "the API does not accept the key: 403 Forbidden");
        assert!(read.recipient.key_was_refused);
        assert_eq!(read.request.body.get(), "\"body\"");
    }
}
