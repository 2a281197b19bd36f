//! A finished run: what was seen of the command. Plain data, made by whoever supervised it.

use std::time::Duration;

use crate::capture::Capture;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The command ended by itself with this status.
    Exited(u8),
    /// The command was ended by the signal with this number.
    Signaled(u8),
    /// The command had not ended when its time was over. What it did afterwards does not count.
    TimedOut,
    /// The command could not be started. The status is what a shell would give: 127 not found, 126 otherwise.
    NotStarted { status: u8 },
}

impl Outcome {
    /// The exit code as the event shows it, which is dogwrap's (Python's) convention: `-S` for the signal `S`, and
    /// -1 for a timeout.
    pub fn event_code(&self) -> i32 {
        match *self {
            Self::Exited(status) | Self::NotStarted { status } => status.into(),
            Self::Signaled(signal) => -i32::from(signal),
            Self::TimedOut => -1,
        }
    }

    /// The status that the wrapper ends with, which is the shells' convention, and `timeout(1)`'s for a timeout.
    pub fn exit_status(&self) -> u8 {
        match *self {
            Self::Exited(status) | Self::NotStarted { status } => status,
            Self::Signaled(signal) => 128_u8.saturating_add(signal),
            Self::TimedOut => 124,
        }
    }

    pub fn is_success(&self) -> bool {
        *self == Self::Exited(0)
    }
}

/// One run of a command.
#[derive(Clone, Debug)]
pub struct Run {
    pub outcome: Outcome,
    /// From the start of the command to its end, by a monotonic clock; none when whoever ran it did not say.
    pub duration: Option<Duration>,
    /// When the command had ended, in seconds since 1970.
    pub ended_at: f64,
    pub stdout: Capture,
    pub stderr: Capture,
    /// Whether a process that the command left behind still held its output open when the wait for it was over.
    pub output_left_open: bool,
    /// Why it is not known what the command printed, when it is not: for people, without a full stop.
    pub unseen: Option<String>,
}
