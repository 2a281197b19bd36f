//! The record of a run that goes on. It is removed when the run is over and reported; what it says counts only when the
//! wrapper vanished before that.
//!
//! A record is a file of JSON lines: how the run started, what there is to report once it has ended, and what of that
//! has been delivered. It is written line by line and never synced: it outlives the wrapper, which is what it is for.

use serde::{Deserialize, Serialize};

use crate::destination::{Recipient, Salt};
use crate::event::{Event, aggregation_key};
use crate::excerpt::first;
use crate::requests::Request;
use crate::settings::{Priority, Reporting, Settings};
use crate::text::{self, MAXIMUM_LENGTH};
use crate::verdict::AlertType;

/// How a run started, and how its vanishing is to be reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    pub recipient: Recipient,
    /// The name of the job.
    pub job: String,
    /// As far as an event can show it.
    pub command: String,
    /// In seconds since 1970.
    pub started_at: u64,
    pub tags: Vec<String>,
    /// What is added to an error event.
    pub notification: String,
    pub priority: Option<Priority>,
}

impl Start {
    pub fn new(settings: &Settings, started_at: u64, salt: Salt) -> Self {
        let shown = |text: &str| first(text, MAXIMUM_LENGTH).to_owned();
        let Reporting { name, tags, notifications, priority, .. } = &settings.reporting;
        Self {
            recipient: Recipient::of(&settings.delivery.destination, salt),
            job: name.clone(),
            command: shown(&settings.reporting.command_text()),
            started_at,
            tags: tags.clone(),
            notification: shown(&notifications.error),
            priority: *priority,
        }
    }

    /// The event for this run if nothing more of it is seen, from somebody on `host`.
    pub fn vanished(&self, host: Option<&str>) -> Event {
        Event {
            title: format!("[{}] {} vanished", host.unwrap_or("None"), self.job),
            text: text::vanished(&self.command, self.started_at, &self.notification),
            alert_type: AlertType::Error,
            aggregation_key: aggregation_key(&self.job),
            host: host.map(str::to_owned),
            priority: self.priority.unwrap_or(AlertType::Error.default_priority()),
            tags: (!self.tags.is_empty()).then(|| self.tags.clone()),
            date_happened: None,
        }
    }
}

/// One line of a record.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    Started(Start),
    /// The run has ended, at a time in seconds since 1970, and this is to be delivered.
    Ended {
        happened_at: f64,
        requests: Vec<Request>,
    },
    /// The request at this index has been delivered, or kept.
    Done(usize),
}

/// What is known of a run from its record.
#[derive(Clone, Debug)]
pub struct Record {
    pub start: Start,
    /// None when its end was not seen.
    pub end: Option<End>,
}

/// What was left to do when a run had ended.
#[derive(Clone, Debug)]
pub struct End {
    /// In seconds since 1970.
    pub happened_at: f64,
    /// With the index of each among those of the run.
    pub requests: Vec<(usize, Request)>,
}

impl Record {
    /// Reads a record. A last line that breaks off was not written; none is returned when there is nothing before it.
    pub fn read(text: &[u8]) -> Option<Self> {
        let mut lines = text.split(|byte| *byte == b'\n').map_while(|line| serde_json::from_slice(line).ok());
        let Some(Line::Started(start)) = lines.next() else { return None };
        let mut record = Self { start, end: None };
        for line in lines {
            match line {
                Line::Started(_) => {}
                Line::Ended { happened_at, requests } => {
                    record.end = Some(End { happened_at, requests: requests.into_iter().enumerate().collect() });
                }
                Line::Done(done) => {
                    if let Some(end) = &mut record.end {
                        end.requests.retain(|(index, _)| *index != done);
                    }
                }
            }
        }
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requests::Kind;
    use serde_json::value::to_raw_value;

    fn start() -> Start {
        Start {
            recipient: Recipient { api: "https://api.test".to_owned(), key: None, key_was_refused: false },
            job: "job".to_owned(),
            command: "true".to_owned(),
            started_at: 7,
            tags: Vec::new(),
            notification: String::new(),
            priority: None,
        }
    }

    fn lines_of(lines: &[Line]) -> String {
        lines.iter().map(|line| serde_json::to_string(line).expect("JSON") + "\n").collect()
    }

    fn ended() -> Line {
        let request = |kind| Request { kind, body: to_raw_value("body").expect("JSON"), text_when_old: None };
        Line::Ended { happened_at: 9.5, requests: vec![request(Kind::Metric), request(Kind::Event)] }
    }

    #[test]
    fn a_run_of_which_only_the_start_was_seen_has_no_end() {
        let record = Record::read(lines_of(&[Line::Started(start())]).as_bytes()).expect("a record");
        assert_eq!(record.start, start());
        assert!(record.end.is_none());
    }

    #[test]
    fn what_was_done_is_not_left_to_do() {
        let end = |lines: &[Line]| Record::read(lines_of(lines).as_bytes()).expect("a record").end.expect("an end");
        let started = Line::Started(start());
        let left = end(&[started.clone(), ended()]);
        assert_eq!((left.happened_at, left.requests.len()), (9.5, 2));
        let left = end(&[started.clone(), ended(), Line::Done(0)]);
        assert_eq!(
            left.requests.iter().map(|(index, request)| (*index, request.kind)).collect::<Vec<_>>(),
            [(1, Kind::Event)]
        );
        assert!(end(&[started, ended(), Line::Done(0), Line::Done(1), Line::Done(7)]).requests.is_empty());
    }

    #[test]
    fn a_record_that_breaks_off_says_what_came_before() {
        let whole = lines_of(&[Line::Started(start()), ended()]);
        let started = lines_of(&[Line::Started(start())]).len();
        for length in 0..whole.len() - 1 {
            match Record::read(&whole.as_bytes()[..length]) {
                None => assert!(length < started - 1, "{length}"),
                Some(record) => assert!(length >= started - 1 && record.end.is_none(), "{length}"),
            }
        }
    }
}
