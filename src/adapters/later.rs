//! Delivering what waits: a little after each run, and all of it when asked to (`--flush`).

use std::time::{Duration, Instant};

use super::console::Console;
use super::sender::Sender;
use super::spool::{self, Claimed, Waiting};
use super::state::State;
use super::{clock, lent};
use crate::destination::{Delivering, Destination};
use crate::retry::Failure;
use crate::settings::Delivery;

/// How long a run delivers what waits, at most.
const AFTER_A_RUN: Duration = Duration::from_secs(2);

/// After so many failures one after the other, though each was answered, a run leaves the others for later.
const FAILURES_AFTER_A_RUN: u32 = 3;

/// The same for a flush.
const FAILURES_OF_A_FLUSH: u32 = 20;

/// After a run: keeps what runs that vanished had to report, and delivers what waits for `delivery`'s destination.
///
/// `is_reachable` says that the API was reached just now. Without that, one that could not be reached is not tried each
/// time.
pub fn after_run(state: &State, delivery: &Delivery, is_reachable: bool, console: &mut Console) {
    if spool::is_empty(state) && !lent::others_exist(state) {
        return;
    }
    // Whoever else holds it is doing this.
    let Some(_lock) = lent::delivery_lock(state) else { return };
    let deadline = Instant::now() + AFTER_A_RUN;
    spool::reclaim(state);
    lent::recover(state, Some(deadline), console);
    let destination = &delivery.destination;
    if destination.api_key.is_none() || delivery.timeout.is_zero() {
        return;
    }
    let deadline = deadline.min(Instant::now() + delivery.timeout);
    let mut round = Round::new(destination, state, Purpose::AfterRun);
    for waiting in spool::waiting(state, |recipient| recipient.is(destination, Delivering::Unasked)) {
        if Instant::now() >= deadline {
            break;
        }
        match (waiting.kept.rests(clock::now().as_secs()), waiting.kept.request_was_at_fault) {
            // It is this one that the API does not take now, and not the others.
            (true, true) => continue,
            (true, false) if !is_reachable => break,
            _ => round.deliver(waiting, deadline, console),
        }
        if round.is_over() {
            break;
        }
    }
    if round.sender.is_interrupted() {
        console.hurry();
    }
}

/// Delivers everything that waits for `delivery`'s destination, and returns the status to end with.
pub fn flush(delivery: &Delivery, any_key: bool, console: &mut Console) -> u8 {
    let delivering = if any_key { Delivering::WithAnyKey } else { Delivering::Asked };
    let destination = &delivery.destination;
    if destination.api_key.is_none() {
        console.error("there is no API key to deliver with", "set DD_API_KEY, or give --api_key_file");
        return 2;
    }
    let state = match State::open(delivery.spool_directory.as_deref()) {
        Ok(state) => state,
        Err(reason) => {
            console.message(&format!("there is nothing to deliver: {reason}"));
            return 1;
        }
    };
    let _lock = match lent::await_delivery_lock(&state, console) {
        Ok(lock) => lock,
        Err(reason) => {
            let spool = state.shown("spool");
            console.message(&format!("cannot deliver what waits in {spool}: {reason}"));
            return 1;
        }
    };
    spool::reclaim(&state);
    lent::recover(&state, None, console);
    let all: Vec<_> = spool::waiting(&state, |recipient| recipient.is(destination, delivering)).collect();
    let total = all.len();
    let mut round = Round::new(destination, &state, Purpose::Flush);
    for (number, waiting) in all.into_iter().enumerate() {
        if !round.is_over() {
            console.progress(&format!("{number} of {total} delivered to {}", destination.api));
            round.deliver(waiting, Instant::now() + delivery.timeout, console);
        }
    }
    console.end_progress();
    let left = total - round.delivered - round.set_aside - round.taken;
    let others = spool::waiting(&state, |recipient| !recipient.is(destination, delivering)).count();
    console.message(&summary(&round, left, others));
    u8::from(left > 0)
}

/// What became of everything that waited: `left` of it is still to be delivered, and `others` is for somebody else.
fn summary(round: &Round<'_>, left: usize, others: usize) -> String {
    let mut summary = format!("{} delivered to {}, {left} left", round.delivered, round.sender.api());
    for (number, what) in [(round.set_aside, "set aside"), (others, "waiting for another site or key")] {
        if number > 0 {
            summary.push_str(&format!(", {number} {what}"));
        }
    }
    summary
}

/// Why things are delivered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// Since a run is at it anyway: once each, and silently.
    AfterRun,
    /// Since somebody asked, who wants to know, and has the patience for further attempts.
    Flush,
}

/// One round of deliveries to one destination.
struct Round<'a> {
    purpose: Purpose,
    sender: Sender<'a>,
    state: &'a State,
    delivered: usize,
    set_aside: usize,
    /// By somebody else, while this was under way.
    taken: usize,
    failures_in_a_row: u32,
    /// Whether it makes no sense to try the others.
    is_hopeless: bool,
}

impl<'a> Round<'a> {
    fn new(destination: &'a Destination, state: &'a State, purpose: Purpose) -> Self {
        Self {
            purpose,
            sender: Sender::new(destination),
            state,
            delivered: 0,
            set_aside: 0,
            taken: 0,
            failures_in_a_row: 0,
            is_hopeless: false,
        }
    }

    fn is_over(&self) -> bool {
        self.is_hopeless || self.sender.is_interrupted()
    }

    /// Delivers one request, and forgets it then. When that fails it is left as it is, or set aside.
    fn deliver(&mut self, waiting: Waiting, deadline: Instant, console: &mut Console) {
        // Somebody who cannot lock files may be faster.
        let Some(claimed) = waiting.claim(self.state, deadline) else {
            self.taken += 1;
            return;
        };
        let kept = claimed.kept();
        let kind = kept.request.kind;
        let body = match kept.request.body_later(kept.happened_at, clock::now().as_secs()) {
            Ok(body) => body,
            Err(reason) => return self.set_aside(claimed, &Failure::Final { reason: reason.to_owned() }, console),
        };
        // Where the one before has failed, patience is at its end.
        let sent = if self.purpose == Purpose::Flush && self.failures_in_a_row == 0 {
            self.sender.submit(kind, &body, deadline)
        } else {
            self.sender.submit_once(kind, &body, deadline)
        };
        let failure = match sent {
            Ok(()) => {
                self.failures_in_a_row = 0;
                self.delivered += 1;
                if let Err(error) = claimed.forget(self.state) {
                    let path = claimed.shown(self.state);
                    console.message(&format!("{path}: delivered, but it cannot be removed and will be again: {error}"));
                    self.is_hopeless = true;
                }
                return;
            }
            Err(failure) => failure,
        };
        if matches!(failure, Failure::Final { .. }) {
            return self.set_aside(claimed, &failure, console);
        }
        self.failures_in_a_row += 1;
        let most = if self.purpose == Purpose::Flush { FAILURES_OF_A_FLUSH } else { FAILURES_AFTER_A_RUN };
        self.is_hopeless = !failure.is_about_the_request() || self.failures_in_a_row >= most;
        if self.purpose == Purpose::Flush {
            console.message(&format!("{}: {}", claimed.shown(self.state), failure.reason()));
        }
        if self.sender.is_interrupted() {
            claimed.give_back(self.state);
        } else {
            claimed.failed(self.state, &failure);
        }
    }

    fn set_aside(&mut self, claimed: Claimed, failure: &Failure, console: &mut Console) {
        self.failures_in_a_row = 0;
        self.set_aside += 1;
        claimed.set_aside(self.state, failure, console);
    }
}
