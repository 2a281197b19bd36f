//! The HTTP requests that report a run: method, path and body. Whose key they carry and when they are sent is for
//! whoever delivers them.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::event::Event;
use crate::metric::Submission;
use crate::run::Run;
use crate::settings::Reporting;
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

/// The method of every request.
pub const METHOD: &str = "POST";

/// Headers of every request; its key, and whatever the address asks for, come on top.
pub const HEADERS: &[(&str, &str)] =
    &[("content-type", "application/json"), ("user-agent", concat!("dogwrap/", env!("CARGO_PKG_VERSION"), " (wasi)"))];

/// How old the date of an event may be, in seconds: the API refuses those of over 18 hours, and clocks differ.
const MAXIMUM_AGE_OF_DATE: u64 = 17 * 60 * 60;

/// How old the point of a metric may be, in seconds.
const MAXIMUM_AGE_OF_POINT: u64 = 60 * 60;

/// One POST to Datadog's API.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    pub kind: Kind,
    /// JSON, as it is sent when what it reports has just happened.
    pub body: Box<RawValue>,
    /// The text of an event once its date is too old for the API: with the time in it. None where the text says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_when_old: Option<String>,
}

impl Request {
    /// The request that submits `event`, which says itself when it happened unless `text_when_old` does.
    pub fn event(event: &Event, text_when_old: Option<String>) -> Option<Self> {
        Some(Self { kind: Kind::Event, body: to_raw_value(event).ok()?, text_when_old })
    }

    fn metric(metric: &Submission) -> Option<Self> {
        Some(Self { kind: Kind::Metric, body: to_raw_value(metric).ok()?, text_when_old: None })
    }

    /// The body as it is sent at `now` of what happened at `happened_at`, both in seconds since 1970: what is delivered
    /// late still says when it happened. The error is why the API would never take it.
    pub fn body_later(&self, happened_at: u64, now: u64) -> Result<String, &'static str> {
        let age = now.saturating_sub(happened_at);
        match self.kind {
            Kind::Metric if age > MAXIMUM_AGE_OF_POINT => Err("the API takes no metric that is over an hour old"),
            Kind::Metric => Ok(self.body.get().to_owned()),
            Kind::Event => {
                Ok(self.event_later(age, happened_at.min(now)).unwrap_or_else(|| self.body.get().to_owned()))
            }
        }
    }

    /// None of what is no event: it is sent as it is, for the API to judge.
    fn event_later(&self, age: u64, happened_at: u64) -> Option<String> {
        let mut event: Event = serde_json::from_slice(self.body.get().as_bytes()).ok()?;
        if age <= MAXIMUM_AGE_OF_DATE {
            event.date_happened = Some(happened_at);
        } else if let Some(text) = &self.text_when_old {
            event.text.clone_from(text);
        }
        serde_json::to_string(&event).ok()
    }
}

/// The requests that report `run`, in the order they are to be sent. Each stands by itself: that one cannot be
/// delivered is no reason to hold back the other.
pub fn requests(run: &Run, alert_type: AlertType, reporting: &Reporting, host: Option<&str>) -> Vec<Request> {
    let event = Event::new(run, alert_type, reporting, host);
    let text_when_old = Event::text_when_old(run, alert_type, reporting);
    of_event(&event, Some(text_when_old), run, reporting, host)
}

/// The same for the `event` of `run`, as they are sent just now: what they are to say later is not in them.
pub fn requests_of_now(event: &Event, run: &Run, reporting: &Reporting, host: Option<&str>) -> Vec<Request> {
    of_event(event, None, run, reporting, host)
}

fn of_event(
    event: &Event,
    text_when_old: Option<String>,
    run: &Run,
    reporting: &Reporting,
    host: Option<&str>,
) -> Vec<Request> {
    let event = Request::event(event, text_when_old);
    let metric = if reporting.send_metric { Submission::duration(run, reporting, host) } else { None };
    metric.and_then(|metric| Request::metric(&metric)).into_iter().chain(event).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    const NOW: u64 = 1_795_376_346;
    const HOUR: u64 = 60 * 60;

    fn request(kind: Kind, body: &str) -> Request {
        let body = RawValue::from_string(body.to_owned()).expect("JSON");
        Request { kind, body, text_when_old: Some("old text".to_owned()) }
    }

    fn event() -> Request {
        request(
            Kind::Event,
            r#"{"title":"t","text":"x","alert_type":"error","aggregation_key":"k","host":null,"priority":"normal","tags":null}"#,
        )
    }

    fn later(request: &Request, age: u64) -> Value {
        serde_json::from_str(&request.body_later(NOW - age, NOW).expect("it can be sent")).expect("JSON")
    }

    #[test]
    fn an_event_keeps_its_date_as_long_as_the_api_takes_it() {
        let event = event();
        assert_eq!(later(&event, 17 * HOUR)["date_happened"], NOW - 17 * HOUR);
        assert_eq!(later(&event, 17 * HOUR)["text"], "x");
        assert_eq!(later(&event, 17 * HOUR + 1)["date_happened"], Value::Null);
        assert_eq!(later(&event, 17 * HOUR + 1)["text"], "old text");
    }

    #[test]
    fn a_date_is_never_in_the_future() {
        let body = event().body_later(NOW + HOUR, NOW).expect("it can be sent");
        assert!(body.contains(&format!("\"date_happened\":{NOW}")), "{body}");
    }

    #[test]
    fn only_the_date_is_added() {
        let event = event();
        let mut sent = later(&event, 5);
        sent.as_object_mut().expect("an object").remove("date_happened");
        assert_eq!(sent, serde_json::from_str::<Value>(event.body.get()).expect("JSON"));
    }

    #[test]
    fn a_metric_is_sent_as_long_as_the_api_takes_its_point() {
        let metric = request(Kind::Metric, r#"{"series":[]}"#);
        assert_eq!(metric.body_later(NOW - HOUR, NOW).expect("it can be sent"), r#"{"series":[]}"#);
        assert!(metric.body_later(NOW - HOUR - 1, NOW).is_err());
    }

    #[test]
    fn what_is_no_event_is_sent_as_it_is() {
        assert_eq!(request(Kind::Event, r#"{"a":1}"#).body_later(NOW, NOW).expect("it can be sent"), r#"{"a":1}"#);
    }
}
