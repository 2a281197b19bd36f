//! What is to be run, and how it is reported: the options of the command line, with types.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use dogwrap::command_line::options::Program;
use dogwrap::command_line::{Invocation, Surroundings, UsageError, parse};
use dogwrap::settings::{Priority, SubmitMode};

/// The name that a program would be called by.
const PROGRAM: &str = "dogwrap";

/// Where goes what the command prints.
#[derive(Default)]
pub enum Output {
    /// To the standard output or the standard error of this process, past any buffer of its own.
    #[default]
    Inherit,
    /// Nowhere.
    Discard,
    /// To a writer, in pieces as they come, from a thread that does nothing else.
    ///
    /// A writer that is slow makes the command wait, as a pipe would. One that takes nothing for 30 seconds, or fails, gets
    /// no more: a command waits for nobody for ever.
    To(Box<dyn Write + Send>),
}

impl Output {
    /// Output that is written to `writer`.
    pub fn to(writer: impl Write + Send + 'static) -> Self {
        Self::To(Box::new(writer))
    }
}

/// A command, and how it is run and reported.
///
/// What is not said is as on the command line. What cannot be, such as a site that does not exist, is found when the job
/// is started, before anything runs.
#[must_use]
pub struct Job {
    command: OsString,
    options: Vec<(String, Option<OsString>)>,
    pub(crate) outputs: [Output; 2],
    pub(crate) environment: Vec<(OsString, OsString)>,
    pub(crate) directory: Option<PathBuf>,
}

impl Job {
    /// A job that has `/bin/sh -c` run `command`.
    pub fn new(command: impl Into<OsString>) -> Self {
        Self {
            command: command.into(),
            options: Vec::new(),
            outputs: Default::default(),
            environment: Vec::new(),
            directory: None,
        }
    }

    /// Its name, in the event's title and as its aggregation key. Otherwise the command's first word.
    pub fn name(self, name: impl AsRef<str>) -> Self {
        self.option("name", name.as_ref())
    }

    /// Datadog's API key. Otherwise that of the environment, in `DD_API_KEY` or `DATADOG_API_KEY`.
    pub fn api_key(self, key: impl AsRef<str>) -> Self {
        self.option("api_key", key.as_ref())
    }

    /// Datadog's site, by its short name or domain, or the URL of an API. Otherwise that of `DD_SITE`, or else us1.
    pub fn site(self, site: impl AsRef<str>) -> Self {
        self.option("site", site.as_ref())
    }

    /// Which runs are reported. Otherwise failures.
    pub fn submit_mode(self, mode: SubmitMode) -> Self {
        self.option(
            "submit_mode",
            match mode {
                SubmitMode::Errors => "errors",
                SubmitMode::Warnings => "warnings",
                SubmitMode::All => "all",
            },
        )
    }

    /// Exit codes of failures that are expected: they are warnings. A negative one stands for a signal.
    pub fn warning_codes(self, codes: &[i32]) -> Self {
        if codes.is_empty() {
            return self;
        }
        self.option("warning_codes", codes.iter().map(i32::to_string).collect::<Vec<_>>().join(","))
    }

    /// The priority of the event. Otherwise low for a success, and normal for everything else.
    pub fn priority(self, priority: Priority) -> Self {
        self.option(
            "priority",
            match priority {
                Priority::Normal => "normal",
                Priority::Low => "low",
            },
        )
    }

    /// Tags of the event and the metric, such as `team:data`. None of them can have a comma.
    pub fn tags<T: AsRef<str>>(self, tags: impl IntoIterator<Item = T>) -> Self {
        let tags: Vec<_> = tags.into_iter().map(|tag| tag.as_ref().to_owned()).collect();
        self.option("tags", tags.join(","))
    }

    /// The message added to an error event, usually whom to notify.
    pub fn notify_error(self, text: impl AsRef<str>) -> Self {
        self.option("notify_error", text.as_ref())
    }

    /// After this long the command is ended; never, if zero. Otherwise after a day.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.seconds("timeout", timeout)
    }

    /// How long it is tried to deliver the event until it is kept; zero keeps it at once. Otherwise ten seconds.
    pub fn delivery_timeout(self, timeout: Duration) -> Self {
        self.seconds("delivery_timeout", timeout)
    }

    /// The directory in which events are kept. Otherwise that of the program `dogwrap`.
    pub fn spool_directory(self, directory: impl AsRef<Path>) -> Self {
        self.option("spool_dir", directory.as_ref())
    }

    /// Any other option of the command line that takes a value, by its long name.
    pub fn option(mut self, name: impl Into<String>, value: impl AsRef<OsStr>) -> Self {
        self.options.push((name.into(), Some(value.as_ref().to_owned())));
        self
    }

    /// Any option of the command line that takes no value, by its long name.
    pub fn flag(mut self, name: impl Into<String>) -> Self {
        self.options.push((name.into(), None));
        self
    }

    fn seconds(self, name: &str, time: Duration) -> Self {
        self.option(name, time.as_secs_f64().to_string())
    }

    /// Where its standard output goes. Otherwise to that of this process.
    pub fn stdout(mut self, output: Output) -> Self {
        self.outputs[0] = output;
        self
    }

    /// Where its standard error goes. Otherwise to that of this process.
    pub fn stderr(mut self, output: Output) -> Self {
        self.outputs[1] = output;
        self
    }

    /// A variable of its environment, besides those of this process.
    pub fn environment(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The directory in which it runs. Otherwise that of this process.
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// The arguments of a program that runs this job, by the rules; the error is for a job that makes no sense.
    pub(crate) fn arguments(&self) -> Result<Vec<Vec<u8>>, UsageError> {
        let mut arguments = vec![PROGRAM.into()];
        for (name, value) in &self.options {
            let takes_value = Program::Wrapper.find(&name.replace('-', "_")).map(|option| option.value.is_expected());
            if takes_value != Some(value.is_some()) {
                return Err(wrong(match takes_value {
                    None => format!("there is no option '{name}'"),
                    Some(true) => format!("the option '{name}' takes a value"),
                    Some(false) => format!("the option '{name}' takes no value"),
                }));
            }
            let value = value.iter().flat_map(|value| [b"=", value.as_bytes()]).flatten();
            arguments.push(format!("--{name}").into_bytes().into_iter().chain(value.copied()).collect());
        }
        arguments.extend([b"--".to_vec(), self.command.clone().into_vec()]);
        let surroundings = Surroundings { variable: &|name| std::env::var(name).ok(), key_file: &|| None };
        let names_component = self.options.iter().any(|(name, _)| name == "component");
        match parse(Program::Wrapper, PROGRAM, &arguments[1..], surroundings)? {
            Invocation::Run(_) if !names_component => Ok(arguments),
            _ => Err(wrong("there is an option that is none of a job".to_owned())),
        }
    }
}

fn wrong(message: String) -> UsageError {
    UsageError { message, hint: "see the options of the program dogwrap".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(job: &Job) -> Vec<String> {
        let arguments = job.arguments().expect("the job makes sense");
        arguments.into_iter().map(|argument| String::from_utf8(argument).expect("it is text")).collect()
    }

    #[test]
    fn a_job_is_a_command_line() {
        let job = Job::new("echo -n --name")
            .name("-t")
            .submit_mode(SubmitMode::Warnings)
            .warning_codes(&[2, -9])
            .priority(Priority::Low)
            .tags(["a", "b:c"])
            .timeout(Duration::from_millis(1500))
            .flag("send-metric");
        let expected = [
            "dogwrap",
            "--name=-t",
            "--submit_mode=warnings",
            "--warning_codes=2,-9",
            "--priority=low",
            "--tags=a,b:c",
            "--timeout=1.5",
            "--send-metric",
            "--",
            "echo -n --name",
        ];
        assert_eq!(arguments(&job), expected);
        assert_eq!(arguments(&Job::new("--help").warning_codes(&[])), ["dogwrap", "--", "--help"]);
    }

    #[test]
    fn what_is_no_job_is_refused() {
        let message = |job: Job| job.arguments().expect_err("it makes no sense").message;
        assert!(message(Job::new("")).contains("no command"));
        assert!(message(Job::new("true").site("nowhere")).contains("nowhere"));
        assert!(message(Job::new("true").option("submit_mode", "some")).contains("some"));
        for (job, expected) in [
            (Job::new("true").flag("name"), "the option 'name' takes a value"),
            (Job::new("true").option("send_metric", "1"), "the option 'send_metric' takes no value"),
            (Job::new("true").flag(""), "there is no option ''"),
            (Job::new("true").flag("flush"), "there is an option that is none of a job"),
            (Job::new("true").flag("help"), "there is an option that is none of a job"),
            (Job::new("true").option("component", "/c"), "there is an option that is none of a job"),
        ] {
            assert_eq!(message(job), expected);
        }
        assert!(!message(Job::new("true").api_key("se cret")).contains("cret"));
    }
}
