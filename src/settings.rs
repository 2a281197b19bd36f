//! What one invocation is to do: plain data, made by the command line, read by every rule.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::destination::Destination;
use crate::run::Outcome;
use crate::verdict::{AlertType, judge};

/// The variables that hold the API key, in the order they count.
pub const API_KEY_VARIABLES: &[&str] = &["DD_API_KEY", "DATADOG_API_KEY"];

/// When an event is submitted, and what for. `--submit_mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubmitMode {
    /// A failure is an error event. A success is not reported.
    Errors,
    /// As `Errors`, for commands whose listed exit codes are expected: those are warning events.
    Warnings,
    /// Every run is an event.
    All,
}

/// How much attention an event asks for in Datadog's event stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    Normal,
    Low,
}

/// Messages added to an event, by what it says; usually `@` mentions. An empty one is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notifications {
    pub success: String,
    pub error: String,
    pub warning: String,
}

/// How long the stages of a run may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLimits {
    /// After this the command is told to end. None is no limit.
    pub timeout: Option<Duration>,
    /// After SIGTERM, this long until SIGKILL.
    pub sigterm_timeout: Duration,
    /// After SIGKILL, this long until the command is given up.
    pub sigkill_timeout: Duration,
    /// After the command has ended, how long the rest of its output is waited for.
    pub drain_timeout: Duration,
}

/// What delivering takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub destination: Destination,
    /// How long it may take until what could not be delivered is kept. Zero: it is kept at once.
    pub timeout: Duration,
    /// The state directory that an option names, as it names it; for messages.
    pub spool_directory: Option<String>,
}

/// What was run, and how that is reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reporting {
    /// The name of the job, in the title and as the aggregation key.
    pub name: String,
    /// The command for the shell, as bytes: it may hold file names in any encoding.
    pub command: Vec<u8>,
    pub submit_mode: SubmitMode,
    /// Exit codes that are warnings. A negative one stands for a signal, as in the event's text.
    pub warning_codes: Vec<i32>,
    pub priority: Option<Priority>,
    /// As [`tags`] makes them.
    pub tags: Vec<String>,
    pub notifications: Notifications,
    pub send_metric: bool,
}

impl Reporting {
    /// The command as text, for people: each part that is not UTF-8 is U+FFFD.
    pub fn command_text(&self) -> String {
        String::from_utf8_lossy(&self.command).into_owned()
    }

    /// Which event a run that ended so is worth, if any.
    pub fn judge(&self, outcome: &Outcome) -> Option<AlertType> {
        judge(outcome, self.submit_mode, &self.warning_codes)
    }
}

/// The tags that `given` are. Empty ones are nothing that Datadog could show.
pub fn tags<'a>(given: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    given.into_iter().map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

/// What a job without a name is called: the first word of its command that is no assignment, without its directory.
pub fn default_name(command: &str) -> String {
    let is_assignment = |word: &&str| {
        word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        })
    };
    let mut words = command.split_whitespace();
    let first = words.clone().next().unwrap_or_default();
    let program = words.find(|word| !is_assignment(word)).unwrap_or(first);
    let name = program.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    if name.is_empty() { "command".to_owned() } else { name.to_owned() }
}

/// Everything that one invocation was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub reporting: Reporting,
    /// Whether the output is held back until the command has ended.
    pub buffer_outs: bool,
    pub limits: TimeLimits,
    /// Whether the command is started without the variables that hold the API key.
    pub hide_api_key: bool,
    /// Whether what cannot be delivered is kept, and a record of the run as long as it goes on.
    pub spool: bool,
    pub delivery: Delivery,
    /// What is odd about the invocation, but no reason to refuse it: for stderr, one line each.
    pub warnings: Vec<String>,
}
