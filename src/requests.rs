//! The HTTP requests that report a run: method, path and body. Whose key they carry and when they are sent is for
//! whoever delivers them.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

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
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    pub kind: Kind,
    /// JSON, as it is sent.
    pub body: Box<RawValue>,
}

impl Request {
    fn new(kind: Kind, body: &impl Serialize) -> Option<Self> {
        Some(Self { kind, body: to_raw_value(body).ok()? })
    }
}

/// The requests that report `run`, in the order they are to be sent. Each stands by itself: that one cannot be
/// delivered is no reason to hold back the other.
pub fn requests(run: &Run, alert_type: AlertType, settings: &Settings, host: Option<&str>) -> Vec<Request> {
    let event = Event::new(run, alert_type, settings, host);
    let metric = settings.send_metric.then(|| Submission::duration(run, settings, host));
    let metric = metric.and_then(|metric| Request::new(Kind::Metric, &metric));
    metric.into_iter().chain(Request::new(Kind::Event, &event)).collect()
}
