//! The program as one that reports to a site: what it says of that, what it keeps, and that no secret gets out of it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;

use crate::processes;
use crate::support::{Ending, Invocation, Running, dogwrap_path};

/// The key of these tests. It holds the word that all their secrets hold, and nothing else does.
pub const API_KEY: &str = "s3cr3t-api-key";
pub const APPLICATION_KEY: &str = "s3cr3t-application-key";
/// A user with a password, as they stand in a URL, and as they are sent.
pub const CREDENTIALS: &str = "user:s3cr3t";
pub const ENCODED_CREDENTIALS: &str = "dXNlcjpzM2NyM3Q=";

/// What is shown and kept nowhere.
const SECRETS: [&str; 2] = ["s3cr3t", ENCODED_CREDENTIALS];

/// Within this everything is over that does not have to wait: well under the time that is given to a delivery.
const PROMPTLY: Duration = Duration::from_secs(8);

/// Within this everything is over.
const LIMIT: Duration = Duration::from_secs(15);

/// What was kept, as it stands in its file.
#[derive(Clone, Debug, Deserialize)]
pub struct Kept {
    pub api: String,
    pub reason: String,
    pub request: KeptRequest,
}

#[derive(Clone, Debug, Deserialize)]
pub struct KeptRequest {
    pub kind: String,
    pub body: Value,
}

/// How a run ended, and all that it said. Commands here print nothing.
#[derive(Debug)]
pub struct Told {
    pub ending: Ending,
    pub said: String,
    pub duration: Duration,
}

/// The program with a site to report to and a state directory of its own. A clone has the same state directory.
#[derive(Clone)]
pub struct Reporter {
    site: String,
    options: Vec<OsString>,
    variables: Vec<(String, OsString)>,
    state: Arc<TempDir>,
}

impl Reporter {
    pub fn to(site: impl Into<String>) -> Self {
        Self::without_key(site).variable("DD_API_KEY", API_KEY)
    }

    pub fn without_key(site: impl Into<String>) -> Self {
        let state = Arc::new(tempfile::tempdir().expect("a temporary directory can be made"));
        let variables = vec![("XDG_STATE_HOME".to_owned(), state.path().into())];
        Self { site: site.into(), options: Vec::new(), variables, state }
    }

    /// The same with another site.
    pub fn at(&self, site: impl Into<String>) -> Self {
        Self { site: site.into(), ..self.clone() }
    }

    pub fn variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    pub fn options<const N: usize>(mut self, options: [&str; N]) -> Self {
        self.options.extend(options.map(OsString::from));
        self
    }

    /// The site as it is shown to people.
    pub fn api(&self) -> String {
        self.site.replace(&format!("{CREDENTIALS}@"), "")
    }

    /// The directory that holds one file for each request that was kept.
    pub fn spool(&self) -> PathBuf {
        self.state.path().join("dogwrap/spool")
    }

    /// Runs and reports a command.
    pub fn run(&self, command: &str) -> Told {
        self.start(command).finish()
    }

    pub fn start(&self, command: &str) -> Reporting<'_> {
        let options = ["-n", "job", "-m", "all", "-s", &self.site].map(OsString::from).into_iter();
        self.begin(dogwrap_path(), options.chain(self.options.iter().cloned()).chain([command.into()]))
    }

    /// Delivers what was kept.
    pub fn flush(&self) -> Told {
        self.start_flush().finish()
    }

    pub fn start_flush(&self) -> Reporting<'_> {
        self.begin(dogwrap_path(), ["--flush", "-s", &self.site].map(OsString::from))
    }

    /// Does what people are told to do, in a shell that finds the program.
    pub fn follow(&self, advice: &str) -> Told {
        let program = dogwrap_path();
        let directory = program.parent().expect("a program is in a directory").display();
        let script = format!("PATH='{directory}':$PATH; {advice}");
        self.begin("/bin/sh", ["-c".into(), script.into()]).finish()
    }

    fn begin(&self, program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = OsString>) -> Reporting<'_> {
        let invocation = Invocation::new(program, arguments);
        let invocation = self.variables.iter().fold(invocation, |so_far, (name, value)| so_far.variable(name, value));
        Reporting { running: invocation.start(), invocation, reporter: self }
    }

    /// What is kept, oldest first.
    pub fn kept(&self) -> Vec<Kept> {
        let Ok(entries) = fs::read_dir(self.spool()) else { return Vec::new() };
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("the spool can be listed").path()).collect();
        paths.sort();
        let read = |path: &PathBuf| {
            let kept = fs::read(path).expect("what is kept can be read");
            serde_json::from_slice(&kept).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        paths.iter().map(read).collect()
    }

    /// Runs a command that fails and one that succeeds, checks that their statuses stand and their events are kept, as
    /// one line says, and returns the reason that it gives.
    pub fn reason_of_keeping(&self) -> String {
        let [failure, success] = [3, 0].map(|status| {
            let told = self.run(&format!("exit {status}"));
            assert_eq!(told.ending, Ending::Exited(status), "{told:?}");
            assert!(told.duration < PROMPTLY, "{told:?}");
            self.reason_given("event", &told)
        });
        let kept = self.kept();
        assert_eq!(kept.len(), 2, "{kept:?}");
        for (kept, alert_type) in kept.iter().zip(["error", "success"]) {
            assert_eq!((&kept.api, &kept.reason), (&self.api(), &failure));
            assert_eq!((kept.request.kind.as_str(), &kept.request.body["alert_type"]), ("event", &alert_type.into()));
        }
        assert_eq!(failure, success);
        failure
    }

    /// Why `what` was not delivered, from the one line that says so.
    pub fn reason_given(&self, what: &str, told: &Told) -> String {
        let beginning = format!("dogwrap: {what} not delivered to {}: ", self.api());
        let reason = told.said.strip_prefix(&beginning).and_then(|rest| rest.split_once("; kept, deliver with '"));
        let (reason, rest) = reason.unwrap_or_else(|| panic!("{told:?} does not begin with {beginning:?}"));
        let advice = format!("dogwrap --flush --site {}'\n", self.api());
        assert!(rest.ends_with(&advice) && told.said.lines().count() == 1, "{told:?}");
        reason.to_owned()
    }

    /// Checks that `command` ends with `status` and is accepted without a word.
    pub fn assert_delivered(&self, command: &str, status: i32) {
        let told = self.run(command);
        assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(status), ""), "{told:?}");
        assert!(self.kept().is_empty(), "{:?}", self.kept());
    }

    fn check_that_secrets_are_kept(&self, said: &str) {
        let shows_one = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            SECRETS.iter().any(|secret| text.contains(secret))
        };
        assert!(!shows_one(said.as_bytes()), "a secret is shown: {said}");
        // A parent of the state directory need not be there alone for it.
        let state = self.state.path().join("dogwrap");
        for path in all_below(&state) {
            // Another run may be about to give a file its final name. Once it is open, that does not matter.
            let mut file = match File::open(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                file => file.expect("what is kept can be opened"),
            };
            let metadata = file.metadata().expect("what is open can be looked at");
            let (mode, is_directory) = (metadata.permissions().mode() & 0o777, metadata.is_dir());
            assert_eq!(mode, if is_directory { 0o700 } else { 0o600 }, "{}", path.display());
            if !is_directory {
                let mut text = Vec::new();
                file.read_to_end(&mut text).expect("what is kept can be read");
                assert!(!shows_one(&text), "{path:?}");
            }
        }
    }
}

/// `path` and everything below it; nothing if it is not there.
fn all_below(path: &Path) -> Vec<PathBuf> {
    if !path.exists() {
        return Vec::new();
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let below = entries.flat_map(|entry| all_below(&entry.path()));
    [path.to_owned()].into_iter().chain(below).collect()
}

/// A run of the program that goes on.
pub struct Reporting<'a> {
    pub running: Running,
    invocation: Invocation,
    reporter: &'a Reporter,
}

impl Reporting<'_> {
    /// Waits for the end, and checks what holds at every end: nothing shows a secret, and no process is left.
    pub fn finish(self) -> Told {
        let (outcome, overdue) = self.running.finish(&[(LIMIT, Signal::SIGKILL)]);
        assert!(!overdue, "{} took longer than {LIMIT:?}; it showed {outcome:?}", self.invocation);
        let said = String::from_utf8(outcome.stderr).expect("messages are UTF-8");
        assert_eq!(String::from_utf8_lossy(&outcome.stdout), "");
        self.reporter.check_that_secrets_are_kept(&said);
        assert_eq!(processes::at_home(self.invocation.home()), []);
        Told { ending: outcome.ending, said, duration: outcome.duration }
    }
}
