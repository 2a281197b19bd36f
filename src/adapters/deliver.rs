//! Delivering what a run has to report: tried again while there is time, then kept.

use std::time::Instant;

use super::clock;
use super::console::Console;
use super::fate::Fate;
use super::identity::Identity;
use super::sender::Sender;
use super::spool;
use super::state::State;
use crate::destination::{Destination, KeySource, Recipient};
use crate::kept::Kept;
use crate::listing::printable;
use crate::requests::Request;
use crate::retry::Failure;
use crate::settings::Delivery;

/// A request that was not accepted.
struct Undelivered<'a> {
    index: usize,
    request: &'a Request,
    failure: Failure,
    was_tried: bool,
}

/// What a run has to report, and what that takes.
pub struct Report<'a> {
    /// The name of the job.
    pub job: &'a str,
    pub delivery: &'a Delivery,
    /// Whether what cannot be delivered may be kept.
    pub spool: bool,
    pub requests: &'a [Request],
    /// In seconds since 1970.
    pub happened_at: f64,
    /// Of the run, in the names of its files.
    pub identity: Identity,
    /// The state directory, or why there is none.
    pub state: Result<&'a State, &'a str>,
}

impl Report<'_> {
    /// Sends the requests one after the other, each whatever became of the others, until `deadline`. What is not accepted
    /// is kept, and said. `done` is told the index of each that is delivered or kept. Returns what has
    /// become of all of it.
    pub fn deliver(&self, deadline: Instant, done: &mut dyn FnMut(usize), console: &mut Console) -> Fate {
        let destination = &self.delivery.destination;
        let mut sender = Sender::new(destination);
        let mut undelivered: Vec<Undelivered> = Vec::new();
        for (index, request) in self.requests.iter().enumerate() {
            // None of them uses up the time of the next.
            let share = deadline.saturating_duration_since(Instant::now()) / (self.requests.len() - index) as u32;
            let not_tried = |reason: &str| Err((Failure::Lasting { reason: reason.to_owned() }, false));
            let sent = if destination.api_key.is_none() {
                not_tried("no API key was given")
            } else if self.delivery.timeout.is_zero() {
                not_tried("no time was given to deliver it")
            } else {
                sender
                    .submit(request.kind, request.body.get(), Instant::now() + share)
                    .map_err(|failure| (failure, true))
            };
            match sent {
                Ok(()) => done(index),
                Err((failure, was_tried)) => undelivered.push(Undelivered { index, request, failure, was_tried }),
            }
        }
        if sender.is_interrupted() {
            console.hurry();
        }
        self.keep(undelivered, done, console)
    }

    /// Keeps what was not accepted, and says so in one line for each reason. Returns the worst of what becomes of it.
    fn keep(&self, undelivered: Vec<Undelivered>, done: &mut dyn FnMut(usize), console: &mut Console) -> Fate {
        let mut fate = Fate::Delivered;
        let mut rest = undelivered.as_slice();
        while let Some(one) = rest.first() {
            let alike = rest.iter().take_while(|other| other.failure.reason() == one.failure.reason()).count();
            let (group, others) = rest.split_at(alike);
            rest = others;
            let names: Vec<_> = group.iter().map(|undelivered| undelivered.request.kind.name()).collect();
            let destination = &self.delivery.destination;
            let reason = one.failure.reason();
            let what = format!("{} not delivered to {}: {reason}", names.join(" and "), destination.api);
            let kept: Result<Vec<()>, String> =
                group.iter().map(|undelivered| self.keep_one(undelivered, done, console)).collect();
            let (message, of_group) = match kept {
                Ok(_) => (format!("{what}; {}", self.outlook(&one.failure, console)), kept_as(&one.failure)),
                Err(error) => (format!("{what}; and not kept: {error}"), Fate::Lost(format!("{reason}; {error}"))),
            };
            console.message(&message);
            fate = fate.worse(of_group);
        }
        fate
    }

    fn keep_one(
        &self,
        undelivered: &Undelivered,
        done: &mut dyn FnMut(usize),
        console: &mut Console,
    ) -> Result<(), String> {
        if !self.spool {
            return Err("--no_spool forbids it".to_owned());
        }
        let state = self.state.map_err(str::to_owned)?;
        let recipient = Recipient::of(&self.delivery.destination, clock::salt());
        let (request, now) = (undelivered.request.clone(), clock::now().as_secs());
        let kept = Kept::new(recipient, self.job, self.happened_at, request, now);
        let kept = if undelivered.was_tried {
            kept.failed(now, &undelivered.failure)
        } else {
            kept.untried(undelivered.failure.reason())
        };
        let name = self.identity.file_name(self.happened_at, undelivered.index);
        match undelivered.failure {
            Failure::Final { .. } => spool::keep_aside(state, &name, &kept, console)?,
            _ => spool::keep(state, &name, &kept, console)?,
        }
        done(undelivered.index);
        Ok(())
    }

    /// What becomes of a request that failed so and is kept.
    fn outlook(&self, failure: &Failure, console: &Console) -> String {
        let destination = &self.delivery.destination;
        let source = &destination.key_source;
        match failure {
            Failure::Final { .. } => format!("set aside, see '{} --spool'", console.program()),
            Failure::KeyRefused { .. } => format!("kept, deliver it with '{}'", self.advice(&KeySource::None, console)),
            _ if destination.api_key.is_none() => format!("kept, deliver it with '{}'", self.advice(source, console)),
            _ => format!("kept for a later run, or deliver it with '{}'", self.advice(source, console)),
        }
    }

    /// The command that delivers what was kept, with what the environment does not give.
    fn advice(&self, key_source: &KeySource, console: &Console) -> String {
        let Destination { api, site_is_in_environment, .. } = &self.delivery.destination;
        let (key, key_file) = match key_source {
            KeySource::Environment => ("", None),
            KeySource::File(path) => ("", Some(path)),
            KeySource::Option | KeySource::None => ("DD_API_KEY=... ", None),
        };
        let mut advice = format!("{key}{} --flush", console.program());
        if let Some(path) = key_file {
            advice.push_str(&format!(" --api_key_file {}", shell_word(path)));
        }
        if let Some(directory) = &self.delivery.spool_directory {
            advice.push_str(&format!(" --spool_dir {}", shell_word(directory)));
        }
        if !site_is_in_environment {
            advice.push_str(&format!(" --site {}", api.site()));
        }
        advice
    }
}

/// What has become of a request that is kept since it failed so.
fn kept_as(failure: &Failure) -> Fate {
    let reason = failure.reason().to_owned();
    if matches!(failure, Failure::Final { .. }) { Fate::SetAside(reason) } else { Fate::Kept(reason) }
}

/// `text` as one word for a shell, inside what is quoted already.
fn shell_word(text: &str) -> String {
    // What is not ASCII means nothing to a shell.
    let is_plain = |character: char| {
        !character.is_ascii() || character.is_ascii_alphanumeric() || "/._-+=:,@%".contains(character)
    };
    printable(text)
        .chars()
        .flat_map(|character| (!is_plain(character)).then_some('\\').into_iter().chain(std::iter::once(character)))
        .collect()
}
