//! What the original is meant to do with a command that ended in some way, when nothing hinders it.
//!
//! Where the original crashes, refuses or hides something, this is what its observation is measured by.

use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::conformance::observation::{Observation, Request};
use crate::conformance::options::{Options, seconds};
use crate::support::{Ending, Invocation};

/// What the command does when the shell runs it without a wrapper, as a group that gets the signals of a timeout.
pub struct Facts {
    pub end: End,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq)]
pub enum End {
    Exited(i32),
    Signaled(i32),
    TimedOut,
}

impl Facts {
    pub fn find(options: &Options, directory: &Path, input: &[u8]) -> Self {
        let command: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(options.command());
        let limit = |option: &str| {
            let seconds = options.last(option).and_then(|text| seconds(&text)).filter(|seconds| *seconds >= 0.0);
            Duration::from_secs_f64(seconds.unwrap_or(60.0).min(60.0))
        };
        let timeout = Some(limit("timeout")).filter(|timeout| !timeout.is_zero()).unwrap_or(Duration::from_secs(60));
        let signals = [(timeout, Signal::SIGTERM), (limit("sigterm_timeout"), Signal::SIGKILL)];
        let shell = Invocation::new("/bin/sh", ["-c".into(), command]).directory(directory).input(input);
        let (outcome, overdue) = shell.start().finish(&signals);
        let end = match outcome.ending {
            _ if overdue => End::TimedOut,
            Ending::Exited(code) => End::Exited(code),
            Ending::Signaled(signal) => End::Signaled(signal),
        };
        Self { end, stdout: outcome.stdout, stderr: outcome.stderr }
    }

    /// The number in the event, and in the list of warning codes.
    pub fn code(&self) -> i32 {
        match self.end {
            End::Exited(code) => code,
            End::Signaled(signal) => -signal,
            End::TimedOut => -1,
        }
    }

    pub fn is_listed(&self, options: &Options) -> bool {
        self.end != End::TimedOut && options.warning_codes().contains(&self.code())
    }
}

/// How code is set apart in an event's text.
#[derive(Clone, Copy, PartialEq)]
pub enum Fences {
    /// Three backticks, whatever they enclose.
    Plain,
    /// One backtick more than the longest run of them inside.
    Outlasting,
}

pub fn observation(options: &Options, facts: &Facts) -> Observation {
    let failed = facts.code() != 0;
    let alert = match options.mode().as_str() {
        _ if !failed => "success",
        "warnings" if facts.is_listed(options) => "warning",
        _ => "error",
    };
    let sends = failed || options.mode() == "all";
    let requests = if sends { requests(options, facts, alert) } else { Vec::new() };
    Observation { requests, ..Observation::silent(facts.code() & 255, facts.stdout.as_slice()) }
}

fn requests(options: &Options, facts: &Facts, alert: &str) -> Vec<Request> {
    let name = options.last("name");
    let shown_name = name.clone().unwrap_or_else(|| "None".into());
    let tags: Option<Vec<String>> = options
        .last("tags")
        .filter(|tags| !tags.is_empty())
        .map(|tags| tags.split(',').map(|tag| tag.trim().to_owned()).collect());
    let happened = match facts.end {
        End::TimedOut => "timed out after",
        _ if alert == "success" => "succeeded in",
        _ => "failed in",
    };
    let usual_priority = if alert == "success" { "low" } else { "normal" };
    let event = json!({
        "title": format!("[{{HOST}}] {shown_name} {happened} {{DURATION}}s"),
        "text": text(options, facts, alert, Fences::Plain),
        "alert_type": alert,
        "aggregation_key": name,
        "host": "{HOST}",
        "priority": options.last("priority").unwrap_or_else(|| usual_priority.into()),
        "tags": tags,
    });
    let mut metric_tags = tags.unwrap_or_default();
    metric_tags.push(format!("event_name:{shown_name}"));
    let metric = json!({"series": [{
        "metric": "dogwrap.duration",
        "points": "{POINTS}",
        "tags": metric_tags,
        "type": "gauge",
        "host": "{HOST}",
    }]});
    let post = |path: &str, body: Value| Request { method: "POST".into(), path: path.into(), body };
    let metric = options.has("send_metric").then(|| post("/api/v1/series", metric));
    metric.into_iter().chain([post("/api/v1/events", event)]).collect()
}

pub fn text(options: &Options, facts: &Facts, alert: &str, fences: Fences) -> String {
    let both = !facts.stdout.is_empty() && !facts.stderr.is_empty();
    let limit = if both { 1500 } else { 3000 };
    let output = |heading: &str, content: &[u8]| match content {
        [] => String::new(),
        content => section(heading, &String::from_utf8_lossy(content), limit, fences),
    };
    format!(
        "%%%\n{}**>>>> EXIT CODE <<<<**\n\n {}\n\n\n{}{}{}",
        section("CMD", &String::from_utf8_lossy(&options.command()), usize::MAX, fences),
        facts.code(),
        output("STDOUT", &facts.stdout),
        output("STDERR", &facts.stderr),
        closing(options, alert),
    )
}

/// The end of an event's text: the notification, if there is one for this kind of event.
pub fn closing(options: &Options, alert: &str) -> String {
    match options.notification(alert).as_str() {
        "" => "%%%\n".into(),
        notification => format!("**>>>> NOTIFICATIONS <<<<**\n\n {notification}\n%%%\n"),
    }
}

fn section(heading: &str, content: &str, limit: usize, fences: Fences) -> String {
    let characters: Vec<char> = content.chars().collect();
    let (head, tail) = if characters.len() > limit {
        (&characters[..limit / 3], &characters[characters.len() - limit * 2 / 3..])
    } else {
        (&characters[..], &[][..])
    };
    let longest_run =
        [head, tail].into_iter().flat_map(|part| part.split(|character| *character != '`')).map(<[char]>::len).max();
    let fence = match fences {
        Fences::Plain => "```".to_owned(),
        Fences::Outlasting => "`".repeat(3.max(longest_run.unwrap_or_default() + 1)),
    };
    let [head, tail] = [head, tail].map(|part| part.iter().collect::<String>());
    let shown = if tail.is_empty() { head } else { format!("{head}\n{fence}\n*...trimmed...*\n{fence}\n{tail}\n") };
    format!("**>>>> {heading} <<<<**\n{fence}\n{shown} \n{fence}\n")
}
