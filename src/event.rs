//! The event that reports a run, as Datadog's API takes it (`POST /api/v1/events`).

use serde::{Deserialize, Serialize};

use crate::excerpt::first;
use crate::run::{Outcome, Run};
use crate::seconds::hundredths;
use crate::settings::{Priority, Reporting};
use crate::text;
use crate::verdict::AlertType;

/// The longest aggregation key that the API takes, in characters.
const MAXIMUM_AGGREGATION_KEY: usize = 100;

/// An event. The fields are those of the API, in dogwrap's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub title: String,
    /// Markdown, at most [`text::MAXIMUM_LENGTH`] characters.
    pub text: String,
    pub alert_type: AlertType,
    /// Events with the same key are shown as one stream.
    pub aggregation_key: String,
    pub host: Option<String>,
    pub priority: Priority,
    /// None, not an empty list, when there are no tags.
    pub tags: Option<Vec<String>>,
    /// When it happened, in seconds since 1970, at most 18 hours ago. Without it, when it is submitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_happened: Option<u64>,
}

impl Event {
    /// The event for `run`, seen on `host`.
    pub fn new(run: &Run, alert_type: AlertType, reporting: &Reporting, host: Option<&str>) -> Self {
        Self {
            title: title(run, &reporting.name, host),
            text: text::text(&reporting.command_text(), run, alert_type.notification(&reporting.notifications), None),
            alert_type,
            aggregation_key: aggregation_key(&reporting.name),
            host: host.map(str::to_owned),
            priority: reporting.priority.unwrap_or(alert_type.default_priority()),
            tags: (!reporting.tags.is_empty()).then(|| reporting.tags.clone()),
            date_happened: None,
        }
    }

    /// The text for the same event once it is so old that its date cannot be given in any other way.
    pub fn text_when_old(run: &Run, alert_type: AlertType, reporting: &Reporting) -> String {
        let notification = alert_type.notification(&reporting.notifications);
        text::text(&reporting.command_text(), run, notification, Some(run.ended_at))
    }
}

/// The key under which events of the job `name` are shown as one stream.
pub fn aggregation_key(name: &str) -> String {
    first(name, MAXIMUM_AGGREGATION_KEY).to_owned()
}

fn title(run: &Run, name: &str, host: Option<&str>) -> String {
    let (what, how_long) = match run.outcome {
        Outcome::Exited(0) => ("succeeded", "in"),
        Outcome::TimedOut => ("timed out", "after"),
        _ => ("failed", "in"),
    };
    let duration = run.duration.map(|duration| format!(" {how_long} {}s", hundredths(duration)));
    format!("[{}] {name} {what}{}", host.unwrap_or("None"), duration.unwrap_or_default())
}
