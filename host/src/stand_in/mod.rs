//! Stands in for a component that has failed: the command is started if it was not, its output is passed on, its own
//! time limit and the signals that come hold as before, and what is known of the run is kept for delivery.

mod report;

use std::sync::Arc;
use std::time::Duration;

use dogwrap::run::Outcome;
use dogwrap::settings::{Settings, TimeLimits};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable};

use crate::bindings::dogwrap::wrapper::process::SpawnError;
use crate::bindings::dogwrap::wrapper::signals::Signal;
use crate::component::Host;
use crate::process::{Received, Stream, Supervised, signals};
use crate::stdio::Output;
use crate::{policy, words};

/// The most that is passed on at once, in bytes.
const PIECE: usize = 64 * 1024;

/// Sees the command of `host` to its end, whose component has failed for `reason`, and returns the status to end with.
pub async fn finish(host: &mut Host, settings: &Settings, reason: &str) -> u8 {
    let was_over = host.processes.command().is_some_and(|command| command.outcome().is_some());
    if host.processes.command().is_none()
        && host.processes.not_started().is_none()
        && let Err(error) = host.processes.start()
    {
        host.say(&format!("cannot start the command: {}", words_of(&error)));
    }
    let outcome = match host.processes.command() {
        Some(command) => see_through(host, &command, &settings.limits).await,
        None => host.processes.not_started().unwrap_or(Outcome::NotStarted { status: NOT_FOUND }),
    };
    let status = outcome.exit_status();
    if let Err(problem) = report::keep(host, settings, outcome, reason, was_over).await {
        host.say(&format!("the event is lost: {problem}"));
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

/// Passes on what `command` prints and the signals that come, and ends it when its time is over. Returns how it ended.
async fn see_through(host: &Host, command: &Arc<Supervised>, limits: &TimeLimits) -> Outcome {
    let mut passing_on = JoinSet::new();
    for (stream, output) in command.streams().into_iter().zip(&host.outputs) {
        passing_on.spawn(pass_on(stream, output.clone()));
    }
    let supervision = supervise(command, &host.processes.received, limits).await;
    let rest = async { while passing_on.join_next().await.is_some() {} };
    let _ = timeout(limits.drain_timeout, rest).await;
    passing_on.abort_all();
    if let Err(error) = command.hand_over() {
        host.say(&format!("output of what the command left running is no longer passed on: {}", words::of(&error)));
    }
    // A reader that is slow but there gets everything, as it would without us.
    let patience = if supervision.cut_short { limits.drain_timeout } else { Duration::MAX };
    for output in &host.outputs {
        let _ = timeout(patience, output.settled()).await;
    }
    let killed = Outcome::Signaled(signals::number(Signal::Kill) as u8);
    if supervision.timed_out { Outcome::TimedOut } else { command.outcome().unwrap_or(killed) }
}

/// Passes on what comes out of `stream`, to its end. What nobody takes is read for the command's sake alone.
async fn pass_on(mut stream: Stream, mut output: Output) {
    loop {
        stream.ready().await;
        let Ok(mut bytes) = stream.read(PIECE) else { return };
        while !bytes.is_empty() {
            output.ready().await;
            let Ok(permitted) = output.check_write() else { break };
            if output.write(bytes.split_to(permitted.min(bytes.len()))).is_err() {
                break;
            }
        }
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
    if received.seen().into_iter().any(policy::asks_to_end) {
        // The component has passed it on, before it failed.
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
