//! Sending requests to one destination: again and again while that may help, and no longer than somebody wants to wait.

use std::time::{Duration, Instant};

use wasi::clocks::monotonic_clock;
use wasi::io::poll::poll;

use super::console::nanoseconds;
use super::exchange::post;
use super::{clock, lent};
use crate::destination::Destination;
use crate::requests::Kind;
use crate::retry::Failure;
use crate::secret::Secret;
use crate::sites::Api;

/// In less time than this no further attempt is made.
const LEAST_TIME: Duration = Duration::from_millis(100);

/// Sends requests to one destination, until a signal asks to end.
pub struct Sender<'a> {
    destination: &'a Destination,
    interrupted: bool,
}

impl<'a> Sender<'a> {
    pub fn new(destination: &'a Destination) -> Self {
        Self { destination, interrupted: false }
    }

    /// Where the requests go.
    pub fn api(&self) -> &'a Api {
        &self.destination.api
    }

    /// Sends a request, again and again if that may help and there is time until `deadline`.
    ///
    /// The error is that of the last attempt which was answered, or else of the last: one that the deadline cuts short
    /// says nothing that an answer did not say better.
    pub fn submit(&mut self, kind: Kind, body: &str, deadline: Instant) -> Result<(), Failure> {
        let mut told: Option<Failure> = None;
        for attempts in 1.. {
            let Err(failure) = self.submit_once(kind, body, deadline) else { break };
            let failure = match told.take() {
                Some(told) if told.is_answered() && !failure.is_answered() => told,
                _ => failure,
            };
            let pause = failure.pause(attempts, clock::random());
            let Some(pause) = pause.filter(|pause| Instant::now() + *pause + LEAST_TIME < deadline) else {
                return Err(failure);
            };
            self.wait(pause);
            if self.is_interrupted() {
                return Err(failure);
            }
            told = Some(failure);
        }
        Ok(())
    }

    /// Sends a request once.
    pub fn submit_once(&mut self, kind: Kind, body: &str, deadline: Instant) -> Result<(), Failure> {
        if self.is_interrupted() {
            return Err(Failure::Lasting { reason: "interrupted by a signal".to_owned() });
        }
        let time = deadline.saturating_duration_since(Instant::now());
        let sent = post(kind, body, self.destination, self.key()?, time);
        self.notice_signals();
        sent
    }

    fn key(&self) -> Result<&'a Secret, Failure> {
        let none = || Failure::Lasting { reason: "no API key was given".to_owned() };
        self.destination.api_key.as_ref().ok_or_else(none)
    }

    /// Whether a signal asked to end since this began.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted
    }

    fn notice_signals(&mut self) {
        self.interrupted |= lent::asked_to_end();
    }

    /// Waits for `pause`, or until a signal asks to end.
    fn wait(&mut self, pause: Duration) {
        let timer = monotonic_clock::subscribe_duration(nanoseconds(pause));
        let signal = lent::subscribe();
        let pollables: Vec<_> = std::iter::once(&timer).chain(&signal).collect();
        while !self.interrupted && !poll(&pollables).contains(&0) {
            self.notice_signals();
        }
    }
}
