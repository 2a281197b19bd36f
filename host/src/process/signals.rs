//! The signals that steer the run, for the component to take.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::sys::signal::Signal as Number;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

use crate::bindings::dogwrap::wrapper::signals::Signal;
use crate::{policy, unchecked};

/// What the WIT names stand for here. The first six can be received.
const SIGNALS: &[(Signal, Number)] = &[
    (Signal::Hangup, Number::SIGHUP),
    (Signal::Interrupt, Number::SIGINT),
    (Signal::Quit, Number::SIGQUIT),
    (Signal::Terminate, Number::SIGTERM),
    (Signal::User1, Number::SIGUSR1),
    (Signal::User2, Number::SIGUSR2),
    (Signal::Kill, Number::SIGKILL),
];

/// The system's number for `signal`.
pub fn number(signal: Signal) -> Number {
    SIGNALS.iter().find(|(name, _)| *name == signal).map_or(Number::SIGKILL, |(_, number)| *number)
}

/// Whether `signal` is one that people and systems end a program with.
pub fn asks_to_end(signal: Signal) -> bool {
    policy::asks_to_end(number(signal))
}

/// Signals that were received and not taken yet; without [`Received::listen`], those that were pushed.
#[derive(Default)]
pub struct Received {
    waiting: Mutex<VecDeque<Signal>>,
    /// All that ever came.
    seen: Mutex<Vec<Number>>,
    arrived: Notify,
}

impl Received {
    /// Begins to receive, save what was ignored when this program started: that stays so, for the command as well.
    pub fn listen() -> io::Result<Arc<Self>> {
        let received = Arc::new(Self::default());
        let receivable =
            SIGNALS.iter().filter(|(name, number)| *name != Signal::Kill && !unchecked::is_ignored(*number));
        for (name, number) in receivable {
            let mut arrivals = signal(SignalKind::from_raw(*number as i32))?;
            let received = Arc::clone(&received);
            tokio::spawn(async move {
                while arrivals.recv().await.is_some() {
                    received.push(*name);
                }
            });
        }
        Ok(received)
    }

    /// Adds a signal, as if it had just been sent to this process.
    pub fn push(&self, signal: Signal) {
        self.waiting().push_back(signal);
        self.note(number(signal));
        self.arrived.notify_waiters();
    }

    fn note(&self, number: Number) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.contains(&number) {
            seen.push(number);
        }
    }

    /// Which signals ever came.
    pub fn seen(&self) -> Vec<Number> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Signal>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether one that asked to end has been taken, and none waits.
    pub fn was_asked_to_end(&self) -> bool {
        let is_waiting = self.waiting().iter().copied().any(asks_to_end);
        !is_waiting && self.seen().into_iter().any(policy::asks_to_end)
    }

    /// Takes the oldest.
    pub fn take(&self) -> Option<Signal> {
        self.waiting().pop_front()
    }

    /// Waits until there is one.
    pub async fn any(self: Arc<Self>) {
        self.until(|| !self.waiting().is_empty()).await;
    }

    /// Waits until there is one that asks to end.
    pub async fn asked_to_end(&self) {
        self.until(|| self.waiting().iter().copied().any(asks_to_end)).await;
    }

    /// Waits until one has asked to end, be it taken or not.
    pub async fn has_asked_to_end(&self) {
        self.until(|| self.seen().into_iter().any(policy::asks_to_end)).await;
    }

    async fn until(&self, reached: impl Fn() -> bool) {
        loop {
            // Listens before it looks, so that nothing is missed in between.
            let arrived = self.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            if reached() {
                return;
            }
            arrived.await;
        }
    }
}
