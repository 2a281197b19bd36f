//! The HTTP requests that report a run: method, path and body. Whose key they carry and when they are sent is for
//! whoever delivers them.

use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::metric::Submission;
use crate::run::Run;
use crate::settings::Settings;
use crate::verdict::AlertType;

/// What a request submits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Event,
    Metric,
}

impl Kind {
    /// The path of the API that takes it.
    pub fn path(self) -> &'static str {
        match self {
            Self::Event => "/api/v1/events",
            Self::Metric => "/api/v1/series",
        }
    }

    /// What it is called in messages to people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Metric => "metric",
        }
    }
}

/// One POST to Datadog's API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub kind: Kind,
    /// JSON.
    pub body: serde_json::Value,
}

/// The requests that report `run`, in the order they are to be sent. Each stands by itself: that one cannot be
/// delivered is no reason to hold back the other.
pub fn requests(run: &Run, alert_type: AlertType, settings: &Settings, host: Option<&str>) -> Vec<Request> {
    let metric = settings.send_metric.then(|| Submission::duration(run, settings, host));
    let event = Event::new(run, alert_type, settings, host);
    let metric = metric.into_iter().map(|metric| (Kind::Metric, serde_json::json!(metric)));
    metric.chain([(Kind::Event, serde_json::json!(event))]).map(|(kind, body)| Request { kind, body }).collect()
}
