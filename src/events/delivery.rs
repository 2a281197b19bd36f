//! The interface `delivery`: what becomes of requests, and the files of those that wait.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::bindings::exports::dogwrap::events::delivery as wit;
use super::bindings::exports::dogwrap::events::reporting::{FinishedRun, Invalid, Settings};
use super::{Rules, api, reporting};
use crate::answer::Answer;
use crate::destination::{Delivering, Destination, KeySource, Recipient, Salt};
use crate::kept::Kept;
use crate::requests::requests;
use crate::retry::Failure;
use crate::secret::Secret;
use crate::spool::{self, Claimant, SET_ASIDE, Stored, WAITING};

impl wit::Guest for Rules {
    fn next(
        attempt: wit::Attempt,
        attempts: u32,
        destination: wit::Destination,
        now: f64,
        random: u64,
    ) -> Result<wit::Step, Invalid> {
        let Err(failure) = outcome(&attempt, &read(destination)?, now) else { return Ok(wit::Step::Accepted) };
        let reason = failure.reason().to_owned();
        Ok(match (failure.pause(attempts, random), failure) {
            (Some(pause), _) => wit::Step::TryAgain(wit::Pause { seconds: pause.as_secs_f64(), reason }),
            (None, Failure::Final { .. }) => wit::Step::SetAside(reason),
            (None, _) => wit::Step::Keep(reason),
        })
    }

    fn keep(
        run: FinishedRun,
        settings: Settings,
        index: u32,
        attempt: wit::Attempt,
        destination: wit::Destination,
        now: f64,
        randomness: wit::Randomness,
    ) -> Result<Option<wit::File>, Invalid> {
        let host = settings.host.clone();
        let (run, reporting) = reporting::facts(run, settings)?;
        let destination = read(destination)?;
        let Some(alert_type) = reporting.judge(&run.outcome) else { return Ok(None) };
        let made = requests(&run, alert_type, &reporting, host.as_deref());
        let Some(request) = made.into_iter().nth(index as usize) else { return Ok(None) };
        let recipient = Recipient::of(&destination, salt(&randomness.salt));
        let kept = Kept::new(recipient, &reporting.name, run.ended_at, request, now as u64);
        let name = spool::file_name(milliseconds(run.ended_at), randomness.run, index as usize);
        let Err(failure) = outcome(&attempt, &destination, now) else { return Ok(None) };
        Ok(Some(match attempt {
            wit::Attempt::Impossible(reason) => file(WAITING, &name, &kept.untried(&reason)),
            _ => failed(&name, kept, &failure, now),
        }))
    }

    fn look(
        name: String,
        content: String,
        destination: wit::Destination,
        delivering: wit::Delivering,
        is_reachable: bool,
        now: f64,
    ) -> Result<wit::Waiting, Invalid> {
        let destination = read(destination)?;
        let delivering = match delivering {
            wit::Delivering::Unasked => Delivering::Unasked,
            wit::Delivering::Asked => Delivering::Asked,
            wit::Delivering::WithAnyKey => Delivering::WithAnyKey,
        };
        let kept = serde_json::from_str::<Kept>(&content).ok();
        let Some(kept) = kept.filter(|kept| kept.recipient.is(&destination, delivering)) else {
            return Ok(wit::Waiting::NotOurs);
        };
        if delivering == Delivering::Unasked && kept.rests(now as u64) && (kept.request_was_at_fault || !is_reachable) {
            return Ok(wit::Waiting::Rests);
        }
        Ok(match kept.request.body_later(kept.happened_at, now as u64) {
            Ok(body) => wit::Waiting::Send(reporting::request_with(kept.request.kind, body, &destination.api)),
            Err(reason) => {
                wit::Waiting::TooOld(failed(&name, kept, &Failure::Final { reason: reason.to_owned() }, now))
            }
        })
    }

    fn failed_again(
        name: String,
        content: String,
        attempt: wit::Attempt,
        destination: wit::Destination,
        now: f64,
    ) -> Result<Option<wit::File>, Invalid> {
        let destination = read(destination)?;
        let kept = serde_json::from_str::<Kept>(&content).ok();
        Ok(kept
            .zip(outcome(&attempt, &destination, now).err())
            .map(|(kept, failure)| failed(&name, kept, &failure, now)))
    }

    fn excess(stored: Vec<wit::Stored>, now: f64) -> Vec<wit::Superfluous> {
        let mut stored: Vec<_> = stored.into_iter().map(|file| Stored { name: file.name, bytes: file.bytes }).collect();
        stored.retain(|file| spool::time_of(&file.name).is_some());
        stored.sort_by(|one, other| one.name.cmp(&other.name));
        let superfluous =
            |(file, reason): (&Stored, &str)| wit::Superfluous { name: file.name.clone(), reason: reason.to_owned() };
        spool::excess(&stored, milliseconds(now)).into_iter().map(superfluous).collect()
    }

    fn claim(name: String, claimant: wit::Claimant) -> String {
        let claimant = match claimant {
            wit::Claimant::LockHolder => Claimant::LockHolder,
            wit::Claimant::Until(time) => Claimant::Until(milliseconds(time)),
        };
        spool::claimed(&name, claimant)
    }

    fn reclaim(name: String, holds_lock: bool, now: f64) -> Option<String> {
        let (name, claimant) = spool::claim_of(&name)?;
        claimant.is_gone(holds_lock, milliseconds(now)).then(|| name.to_owned())
    }
}

/// Where requests go.
fn read(destination: wit::Destination) -> Result<Destination, Invalid> {
    Ok(Destination {
        api: api(destination.site.as_deref())?,
        site_is_in_environment: false,
        api_key: destination.api_key.map(|key| Secret::new(&key).ok_or(Invalid::ApiKey)).transpose()?,
        key_source: KeySource::Option,
        application_key: None,
    })
}

/// What an attempt at `now` came to.
fn outcome(attempt: &wit::Attempt, destination: &Destination, now: f64) -> Result<(), Failure> {
    match attempt {
        wit::Attempt::Answered(response) => {
            let field = |wanted: &str| {
                response
                    .headers
                    .iter()
                    .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
                    .map(|(_, value)| value.as_str())
            };
            let answer = Answer {
                status: response.status,
                rate_limit_reset: field("x-ratelimit-reset"),
                retry_after: field("retry-after"),
                body: &response.body,
            };
            answer.verdict(destination, time(now))
        }
        wit::Attempt::Unanswered(reason) => {
            Err(Failure::Transient { reason: reason.clone(), wait: None, answered: false })
        }
        wit::Attempt::Impossible(reason) => Err(Failure::Lasting { reason: reason.clone() }),
    }
}

/// The file of what could not be delivered.
fn failed(name: &str, kept: Kept, failure: &Failure, now: f64) -> wit::File {
    let directory = if matches!(failure, Failure::Final { .. }) { SET_ASIDE } else { WAITING };
    file(directory, name, &kept.failed(now as u64, failure))
}

fn file(directory: &str, name: &str, kept: &Kept) -> wit::File {
    let content = String::from_utf8(kept.to_file()).unwrap_or_default();
    wit::File { path: format!("{directory}/{name}"), content }
}

/// What was given of it: less than sixteen bytes make hashes that differ less.
fn salt(bytes: &[u8]) -> Salt {
    let mut salt = Salt::default();
    salt.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
    salt
}

fn time(seconds: f64) -> SystemTime {
    UNIX_EPOCH + Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1000.0) as u64
}
