//! What a run showed to the outside, with placeholders for what differs from run to run, and how two of them differ.

use regex_lite::Regex;
use serde_json::Value;

use crate::conformance::surrogates;
use crate::server;
use crate::support::{Ending, Outcome};

/// Stands before an event's text that ours must fit into the limit, in its own way.
pub const TO_BE_FITTED: &str = "{TO BE FITTED}";

/// The most characters that the API takes in an event's text.
pub const TEXT_LIMIT: usize = 4000;

#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    pub ending: Ending,
    pub stdout: Vec<u8>,
    pub requests: Vec<Request>,
    /// The name of the machine, where `{HOST}` stands for it.
    pub host: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub body: Value,
}

impl Observation {
    pub fn new(outcome: &Outcome, requests: &[server::Request]) -> Self {
        let mut requests: Vec<_> = requests.iter().map(Request::new).collect();
        let host = hide_what_varies(&mut requests);
        let stdout = match std::str::from_utf8(&outcome.stdout) {
            Ok(text) if is_version(text) => b"dogwrap {VERSION}\n".to_vec(),
            Ok(text) if is_help(text) => b"{HELP}".to_vec(),
            _ => outcome.stdout.clone(),
        };
        Self { ending: outcome.ending, stdout, requests, host }.without_repetitions()
    }

    /// The requests of a run, and nothing else of it.
    pub fn of_requests(mut requests: Vec<Request>) -> Self {
        let host = hide_what_varies(&mut requests);
        Self { requests, host, ..Self::silent(0, "") }
    }

    /// A run that told its caller something, and nobody else.
    pub fn silent(status: i32, stdout: impl Into<Vec<u8>>) -> Self {
        Self { ending: Ending::Exited(status), stdout: stdout.into(), requests: Vec::new(), host: None }
    }

    /// A command line that was refused: nothing was run.
    pub fn refusal() -> Self {
        Self::silent(2, "")
    }

    /// How often a proxy is asked the same again is not compared.
    pub fn without_repetitions(mut self) -> Self {
        self.requests.dedup_by(|next, request| request.method == "CONNECT" && next == request);
        self
    }

    pub fn event(&self) -> Option<&Value> {
        self.requests.iter().map(|request| &request.body).find(|body| body.get("title").is_some())
    }

    /// The same with the event changed.
    pub fn with_event(&self, change: impl Fn(&mut Value)) -> Self {
        let mut changed = self.clone();
        changed
            .requests
            .iter_mut()
            .map(|request| &mut request.body)
            .filter(|body| body.get("title").is_some())
            .for_each(change);
        changed
    }

    /// In which ways `ours` is not what this says, one line each.
    pub fn mismatches(&self, ours: &Self) -> Vec<String> {
        let mut mismatches = Vec::new();
        let mut compare = |field: &str, expected: String, got: String| {
            if expected != got {
                mismatches.push(difference(field, &expected, &got));
            }
        };
        compare("ending", format!("{:?}", self.ending), format!("{:?}", ours.ending));
        compare("stdout", escaped(&self.stdout), escaped(&ours.stdout));
        let lines = |observation: &Self| observation.requests.iter().map(Request::line).collect::<Vec<_>>().join(", ");
        compare("requests", lines(self), lines(ours));
        if let Some((expected, got)) = self.host.as_ref().zip(ours.host.as_ref()) {
            compare("name of the machine", expected.clone(), got.clone());
        }
        for (expected, got) in self.requests.iter().zip(&ours.requests) {
            if expected.body.is_object() && got.body.is_object() {
                for field in fields(&expected.body, &got.body) {
                    let [expected, got] = [&expected.body[&field], &got.body[&field]];
                    if !is_fitted(expected, got) {
                        compare(&field, expected.to_string(), got.to_string());
                    }
                }
            } else {
                compare("body", expected.body.to_string(), got.body.to_string());
            }
        }
        mismatches
    }
}

impl Request {
    pub fn new(request: &server::Request) -> Self {
        let path = request.target.split('?').next().unwrap_or_default().to_owned();
        let text = String::from_utf8_lossy(&request.body);
        let body = match text.as_ref() {
            "" => Value::Null,
            json => serde_json::from_str(&surrogates::readable(json)).unwrap_or_else(|_| Value::from(json)),
        };
        Self { method: request.method.clone(), path, body }
    }

    fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is well formed")
}

fn is_version(stdout: &str) -> bool {
    pattern(r"^dogwrap \d+\.\d+\.\d+\n$").is_match(stdout)
}

/// Help is in everybody's own words; it must name the options.
fn is_help(stdout: &str) -> bool {
    stdout.contains("Usage: ")
        && crate::conformance::options::NAMES.iter().all(|(_, name, _)| stdout.contains(&format!("--{name}")))
}

/// Replaces the durations, the points of metrics, and the host when all the requests agree on one, which is returned.
fn hide_what_varies(requests: &mut [Request]) -> Option<String> {
    let hosts: Vec<_> = requests
        .iter()
        .filter_map(|Request { body, .. }| body.pointer("/host").or(body.pointer("/series/0/host")))
        .collect();
    let host = match hosts.as_slice() {
        [Value::String(host), rest @ ..] if !host.is_empty() && rest.iter().all(|other| other == &hosts[0]) => {
            Some(host.clone())
        }
        _ => None,
    };
    let duration = pattern(r" \d+\.\d\ds$");
    for Request { body, .. } in requests {
        if let (Some(host), Some(title)) = (&host, body.pointer_mut("/title")) {
            let shown = title.as_str().unwrap_or_default();
            let shown = shown
                .strip_prefix(&format!("[{host}]"))
                .map_or_else(|| shown.to_owned(), |rest| format!("[{{HOST}}]{rest}"));
            *title = duration.replace(&shown, " {DURATION}s").into();
        }
        for place in ["/host", "/series/0/host"] {
            if let (Some(_), Some(host)) = (&host, body.pointer_mut(place)) {
                *host = "{HOST}".into();
            }
        }
        if let Some(points) = body.pointer_mut("/series/0/points") {
            let is_point = |point: &Value| {
                point.as_array().is_some_and(|point| point.len() == 2 && point.iter().all(Value::is_f64))
            };
            if points.as_array().is_some_and(|points| points.len() == 1 && points.iter().all(is_point)) {
                *points = "{POINTS}".into();
            }
        }
    }
    host
}

/// Whether a text that was too long has been fitted: the notification is whole, and so is the command if output alone could give way.
fn is_fitted(expected: &Value, got: &Value) -> bool {
    let Some((full, fitted)) = expected.as_str().and_then(|text| text.strip_prefix(TO_BE_FITTED)).zip(got.as_str())
    else {
        return false;
    };
    let length = fitted.chars().count();
    let Some((command, rest)) = full.split_once("**>>>> EXIT CODE <<<<**") else { return false };
    let code = rest.split("\n\n\n").next().unwrap_or_default();
    let closing = rest.rfind("**>>>> NOTIFICATIONS <<<<**").map_or("%%%\n", |start| &rest[start..]);
    let fixed = command.chars().count() + code.chars().count() + closing.chars().count();
    // Output that is trimmed away leaves its two headings and marks of where it was.
    let opening = if fixed + 300 <= TEXT_LIMIT { command } else { "%%%\n**>>>> CMD <<<<**\n```" };
    (TEXT_LIMIT * 9 / 10..=TEXT_LIMIT).contains(&length)
        && fitted.starts_with(opening)
        && fitted.contains(&format!("**>>>> EXIT CODE <<<<**{code}\n\n\n"))
        && fitted.ends_with(closing)
}

fn fields(expected: &Value, got: &Value) -> Vec<String> {
    let mut fields: Vec<_> =
        [expected, got].into_iter().filter_map(Value::as_object).flat_map(|object| object.keys().cloned()).collect();
    fields.sort();
    fields.dedup();
    fields
}

fn escaped(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}

/// Both sides around the first place where they differ.
fn difference(field: &str, expected: &str, got: &str) -> String {
    let same = expected.chars().zip(got.chars()).take_while(|(expected, got)| expected == got).count();
    let start = same.saturating_sub(40);
    let shown = |text: &str| {
        let part: String = text.chars().skip(start).take(200).collect();
        let before = if start > 0 { "…" } else { "" };
        let after = if text.chars().count() > start + 200 { "…" } else { "" };
        format!("{before}{part}{after}")
    };
    format!("{field}\n      expected {}\n      got      {}", shown(expected), shown(got))
}
