//! The interface `reporting`: a finished run is judged, and becomes requests.

use std::time::Duration;

use super::bindings::exports::dogwrap::events::reporting as wit;
use super::{Rules, api};
use crate::capture::Capture;
use crate::event::Event;
use crate::requests::{self, requests_of_now};
use crate::run::{Outcome, Run};
use crate::settings::{Notifications, Priority, Reporting, SubmitMode, default_name, tags};
use crate::sites::Api;
use crate::verdict::AlertType;

impl wit::Guest for Rules {
    fn judge(run: wit::FinishedRun, settings: wit::Settings) -> Result<wit::Report, wit::Invalid> {
        let api = api(settings.site.as_deref())?;
        let host = settings.host.clone();
        let (run, reporting) = facts(run, settings)?;
        let alert_type = reporting.judge(&run.outcome);
        let event = alert_type.map(|alert_type| Event::new(&run, alert_type, &reporting, host.as_deref()));
        let made = event.as_ref().map(|event| requests_of_now(event, &run, &reporting, host.as_deref()));
        Ok(wit::Report {
            alert_type: alert_type.map(Into::into),
            requests: made.into_iter().flatten().map(|made| request(made, &api)).collect(),
            event: event.map(Into::into),
            api: api.to_string(),
            exit_status: run.outcome.exit_status(),
        })
    }
}

/// The run, and how it is reported.
pub fn facts(run: wit::FinishedRun, settings: wit::Settings) -> Result<(Run, Reporting), wit::Invalid> {
    if run.command.is_empty() {
        return Err(wit::Invalid::Command);
    }
    let captured = |text: String| {
        let mut capture = Capture::default();
        capture.push(text.as_bytes());
        capture
    };
    let reporting = Reporting {
        name: run.job.unwrap_or_else(|| default_name(&run.command)),
        command: run.command.into_bytes(),
        submit_mode: settings.submit_mode.map_or(SubmitMode::Errors, Into::into),
        warning_codes: settings.warning_codes,
        priority: settings.priority.map(Into::into),
        tags: tags(settings.tags.iter().map(String::as_str)),
        notifications: Notifications {
            success: settings.notify_success,
            error: settings.notify_error,
            warning: settings.notify_warning,
        },
        send_metric: settings.send_metric,
    };
    let run = Run {
        outcome: match run.outcome {
            wit::Outcome::Exited(status) => Outcome::Exited(status),
            wit::Outcome::Signaled(signal) => Outcome::Signaled(signal),
            wit::Outcome::TimedOut => Outcome::TimedOut,
        },
        duration: Some(Duration::try_from_secs_f64(run.duration).map_err(|_| wit::Invalid::Duration)?),
        ended_at: Duration::try_from_secs_f64(run.ended_at).map_err(|_| wit::Invalid::EndedAt)?.as_secs_f64(),
        stdout: captured(run.stdout),
        stderr: captured(run.stderr),
        output_left_open: false,
        unseen: None,
    };
    Ok((run, reporting))
}

/// The request as it is sent just now.
fn request(made: requests::Request, api: &Api) -> wit::Request {
    request_with(made.kind, Box::<str>::from(made.body).into_string(), api)
}

/// A request of `kind` with this body.
pub fn request_with(kind: requests::Kind, body: String, api: &Api) -> wit::Request {
    let credentials = api.authorization().map(|value| ("authorization", value.reveal()));
    let headers = requests::HEADERS.iter().copied().chain(credentials);
    wit::Request {
        method: requests::METHOD.to_owned(),
        path: kind.path().to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        body,
    }
}

impl From<wit::SubmitMode> for SubmitMode {
    fn from(mode: wit::SubmitMode) -> Self {
        match mode {
            wit::SubmitMode::Errors => Self::Errors,
            wit::SubmitMode::Warnings => Self::Warnings,
            wit::SubmitMode::All => Self::All,
        }
    }
}

impl From<wit::Priority> for Priority {
    fn from(priority: wit::Priority) -> Self {
        match priority {
            wit::Priority::Normal => Self::Normal,
            wit::Priority::Low => Self::Low,
        }
    }
}

impl From<Priority> for wit::Priority {
    fn from(priority: Priority) -> Self {
        match priority {
            Priority::Normal => Self::Normal,
            Priority::Low => Self::Low,
        }
    }
}

impl From<AlertType> for wit::AlertType {
    fn from(alert_type: AlertType) -> Self {
        match alert_type {
            AlertType::Success => Self::Success,
            AlertType::Warning => Self::Warning,
            AlertType::Error => Self::Error,
        }
    }
}

impl From<Event> for wit::Event {
    fn from(event: Event) -> Self {
        Self {
            title: event.title,
            text: event.text,
            alert_type: event.alert_type.into(),
            aggregation_key: event.aggregation_key,
            host: event.host,
            priority: event.priority.into(),
            tags: event.tags.unwrap_or_default(),
        }
    }
}
