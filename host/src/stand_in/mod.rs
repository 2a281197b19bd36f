//! Stands in for a component that has failed: the command is started if it was not, its output is passed on, its own
//! time limit and the signals that come hold as before, and what is known of the run is kept for delivery.

mod report;

use std::sync::Arc;
use std::time::Duration;

use dogwrap::run::Outcome;
use dogwrap::settings::{Settings, TimeLimits};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::bindings::dogwrap::wrapper::process::SpawnError;
use crate::bindings::dogwrap::wrapper::signals::Signal;
use crate::component::Host;
use crate::messages::Fate;
use crate::process::{Received, Supervised, pass_on, signals};
use crate::words;

/// Sees the command of `host` to its end, whose component has failed for `reason`, and returns the status to end with.
pub async fn finish(host: &mut Host, settings: &Settings, reason: &str) -> u8 {
    let was_over = host.processes.command().is_some_and(|command| command.outcome().is_some());
    if host.processes.command().is_none()
        && host.processes.not_started().is_none()
        && let Err(error) = host.processes.start()
    {
        host.say(&format!("cannot start the command: {}", words_of(&error)));
    }
    let command = host.processes.command();
    let (outcome, cut_short) = match &command {
        Some(command) => see_through(host, command, &settings.limits).await,
        None => (host.processes.not_started().unwrap_or(Outcome::NotStarted { status: NOT_FOUND }), false),
    };
    let status = outcome.exit_status();
    let fate = report::keep(host, settings, outcome, reason, was_over).await.unwrap_or_else(|problem| {
        host.say(&format!("the event is lost: {problem}"));
        Fate::Lost(problem)
    });
    host.messages.fate = Some(fate);
    if let Some(command) = command {
        part_from(host, &command, cut_short, settings.limits.drain_timeout).await;
    }
    status
}

/// The status for a command that is not there, as a shell gives it.
const NOT_FOUND: u8 = 127;

fn words_of(error: &SpawnError) -> String {
    match error {
        SpawnError::NotPermitted => "it is not permitted".to_owned(),
        SpawnError::NotFound => "not found".to_owned(),
        SpawnError::NotExecutable => "permission denied".to_owned(),
        SpawnError::ArgumentsTooLong => "it is too long".to_owned(),
        SpawnError::Other(reason) => reason.clone(),
    }
}

/// Passes on what `command` prints and the signals that come, and ends it when its time is over. Returns how it ended, and
/// whether it was told to.
async fn see_through(host: &Host, command: &Arc<Supervised>, limits: &TimeLimits) -> (Outcome, bool) {
    let received = &host.processes.received;
    let mut passing_on = JoinSet::new();
    for (stream, output) in command.streams().into_iter().zip(&host.outputs) {
        passing_on.spawn(pass_on(stream, output.unlimited()));
    }
    let supervision = supervise(command, received, limits).await;
    tokio::select! {
        () = async { while passing_on.join_next().await.is_some() {} } => {}
        () = sleep(limits.drain_timeout) => {}
        () = received.asked_to_end() => {}
    }
    passing_on.shutdown().await;
    let killed = Outcome::Signaled(signals::number(Signal::Kill) as u8);
    let outcome = if supervision.timed_out { Outcome::TimedOut } else { command.outcome().unwrap_or(killed) };
    (outcome, supervision.cut_short)
}

/// Has everything written that `command` has printed, and what it left running taken care of.
///
/// A reader that is slow but there gets everything, as it would without us. Once somebody has asked for the end, it has
/// `patience` for it.
async fn part_from(host: &mut Host, command: &Supervised, cut_short: bool, patience: Duration) {
    let is_over = async {
        if !cut_short {
            host.processes.received.asked_to_end().await;
        }
        sleep(patience).await;
    };
    tokio::select! {
        () = async { for output in &host.outputs { output.settled().await; } } => {}
        () = is_over => {}
    }
    // Only now: what has been passed on comes before what is still in the pipe.
    if let Err(error) = command.hand_over() {
        host.say(&format!("output of what the command left running is no longer passed on: {}", words::of(&error)));
    }
}

/// How far a command has come on the way to its end.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Running,
    /// It was told to end.
    Terminating,
    /// It was killed.
    Killing,
}

/// What was done to a command.
#[derive(Default)]
struct Supervision {
    stage: Stage,
    timed_out: bool,
    /// Whether it was told to end, because its time was over or because somebody asked for it.
    cut_short: bool,
}

impl Supervision {
    /// Goes on to `stage`, and returns when that is over.
    fn enter(&mut self, stage: Stage, time: Duration) -> Option<Instant> {
        self.cut_short = true;
        self.stage = stage;
        Instant::now().checked_add(time)
    }
}

/// Waits for the end of `command`: of all of its group, once it was told to end. The signals that are `received` reach it.
async fn supervise(command: &Arc<Supervised>, received: &Arc<Received>, limits: &TimeLimits) -> Supervision {
    let mut supervision = Supervision::default();
    let mut deadline =
        limits.timeout.and_then(|timeout| command.started_at().checked_add(timeout)).map(Instant::from_std);
    if received.was_asked_to_end() {
        // The component has passed that on, before it failed.
        deadline = supervision.enter(Stage::Terminating, limits.sigterm_timeout);
    }
    loop {
        let ended = async {
            if supervision.cut_short {
                Arc::clone(command).group_ended().await
            } else {
                Arc::clone(command).ended().await
            }
        };
        let is_over = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = ended => return supervision,
            () = Arc::clone(received).any() => {
                while let Some(signal) = received.take() {
                    command.signal(signal);
                    if signals::asks_to_end(signal) && supervision.stage == Stage::Running {
                        deadline = supervision.enter(Stage::Terminating, limits.sigterm_timeout);
                    } else if signal == Signal::Interrupt {
                        command.signal(Signal::Kill);
                        deadline = supervision.enter(Stage::Killing, limits.sigkill_timeout);
                    }
                }
            }
            () = is_over => match supervision.stage {
                Stage::Running => {
                    supervision.timed_out = true;
                    command.signal(Signal::Terminate);
                    deadline = supervision.enter(Stage::Terminating, limits.sigterm_timeout);
                }
                Stage::Terminating => {
                    command.signal(Signal::Kill);
                    deadline = supervision.enter(Stage::Killing, limits.sigkill_timeout);
                }
                Stage::Killing => return supervision,
            },
        }
    }
}
