//! The verdict of a run: whether it is reported, and as what. Dogwrap's submit modes, but no failure is ever hidden.

use serde::{Deserialize, Serialize};

use crate::run::Outcome;
use crate::settings::{Notifications, Priority, SubmitMode};

/// What an event says of a run, in the words of Datadog's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertType {
    Success,
    Warning,
    Error,
}

impl AlertType {
    /// The priority of an event when none was asked for: a success can be overlooked.
    pub fn default_priority(self) -> Priority {
        match self {
            Self::Success => Priority::Low,
            Self::Warning | Self::Error => Priority::Normal,
        }
    }

    /// The message for this type of event.
    pub fn notification(self, notifications: &Notifications) -> &str {
        match self {
            Self::Success => &notifications.success,
            Self::Warning => &notifications.warning,
            Self::Error => &notifications.error,
        }
    }
}

/// Decides which event a run is worth, if any.
///
/// A failure whose code is in `warning_codes` is a warning in every mode, any other failure an error. A timeout never
/// matches a code. A success is reported in mode `all` only, also when 0 is listed.
pub fn judge(outcome: &Outcome, mode: SubmitMode, warning_codes: &[i32]) -> Option<AlertType> {
    if outcome.is_success() {
        return (mode == SubmitMode::All).then_some(AlertType::Success);
    }
    let expected = *outcome != Outcome::TimedOut && warning_codes.contains(&outcome.event_code());
    Some(if expected { AlertType::Warning } else { AlertType::Error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_is_reported_in_mode_all_only() {
        for mode in [SubmitMode::Errors, SubmitMode::Warnings] {
            assert_eq!(judge(&Outcome::Exited(0), mode, &[0]), None);
        }
        assert_eq!(judge(&Outcome::Exited(0), SubmitMode::All, &[0]), Some(AlertType::Success));
    }

    #[test]
    fn a_listed_code_is_a_warning_and_any_other_failure_an_error() {
        for mode in [SubmitMode::Errors, SubmitMode::Warnings, SubmitMode::All] {
            assert_eq!(judge(&Outcome::Exited(2), mode, &[2, -9]), Some(AlertType::Warning));
            assert_eq!(judge(&Outcome::Signaled(9), mode, &[2, -9]), Some(AlertType::Warning));
            assert_eq!(judge(&Outcome::Exited(3), mode, &[2, -9]), Some(AlertType::Error));
            assert_eq!(judge(&Outcome::NotStarted { status: 127 }, mode, &[]), Some(AlertType::Error));
        }
    }

    #[test]
    fn a_timeout_is_never_a_warning() {
        assert_eq!(judge(&Outcome::TimedOut, SubmitMode::Warnings, &[-1, 124]), Some(AlertType::Error));
    }
}
