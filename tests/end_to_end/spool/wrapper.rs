//! The program as one of several jobs of a user, all of which share a home and a state directory.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use super::files::{content, files_below, json_files};
use super::run::{Run, Told};
use crate::processes;
use crate::support::{Ending, Invocation, dogwrap_path};
use crate::watched::eventually;

/// The key of these tests. Nothing else holds these words, and no file may.
pub const KEY: &str = "s3cr3t-key";
pub const OTHER_KEY: &str = "s3cr3t-other-key";
pub const SECRET: &str = "s3cr3t";

/// The host's name in the titles of events.
pub const HOST: &str = "host";

/// A directory of a user. Whatever was started there ends with it.
struct Home(TempDir);

impl Drop for Home {
    fn drop(&mut self) {
        processes::end_all_at_home(self.0.path());
    }
}

/// The program, as a job of a user has it. A clone is another job of the same user.
#[derive(Clone)]
pub struct Wrapper {
    name: String,
    site: String,
    key: &'static str,
    submit_mode: &'static str,
    options: Vec<OsString>,
    variables: Vec<(&'static str, String)>,
    script: Option<&'static str>,
    state_home: PathBuf,
    home: Arc<Home>,
}

impl Wrapper {
    /// A job of a new user, which submits every run.
    pub fn to(site: impl Into<String>) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        Self {
            name: "job".to_owned(),
            site: site.into(),
            key: KEY,
            submit_mode: "all",
            options: Vec::new(),
            variables: Vec::new(),
            script: None,
            state_home: home.path().join("state"),
            home: Arc::new(Home(home)),
        }
    }

    pub fn named(&self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self.clone() }
    }

    pub fn at(&self, site: impl Into<String>) -> Self {
        Self { site: site.into(), ..self.clone() }
    }

    pub fn key(&self, key: &'static str) -> Self {
        Self { key, ..self.clone() }
    }

    /// The same job, which submits failures only.
    pub fn errors_only(&self) -> Self {
        Self { submit_mode: "errors", ..self.clone() }
    }

    pub fn options<const N: usize>(&self, options: [&str; N]) -> Self {
        let mut wrapper = self.clone();
        wrapper.options.extend(options.map(OsString::from));
        wrapper
    }

    pub fn variable(&self, name: &'static str, value: impl Into<String>) -> Self {
        let mut wrapper = self.clone();
        wrapper.variables.push((name, value.into()));
        wrapper
    }

    /// The same, started by a shell that runs `script`, where `"$@"` is the program with its arguments.
    pub fn started_by(&self, script: &'static str) -> Self {
        Self { script: Some(script), ..self.clone() }
    }

    /// The same with a state directory below another directory.
    pub fn state_below(&self, state_home: impl Into<PathBuf>) -> Self {
        Self { state_home: state_home.into(), ..self.clone() }
    }

    /// The working directory of every command.
    pub fn home(&self) -> &Path {
        self.home.0.path()
    }

    pub fn state(&self) -> PathBuf {
        self.state_home.join("dogwrap")
    }

    /// Runs a command to its end.
    pub fn run(&self, command: &str) -> Told {
        self.start(command).finish()
    }

    pub fn start(&self, command: &str) -> Run {
        let settings = ["-n", &self.name, "-m", self.submit_mode, "-s", &self.site].map(OsString::from);
        let command = ["--", command].map(OsString::from);
        self.begin(settings.into_iter().chain(self.options.iter().cloned()).chain(command))
    }

    /// Delivers what waits, and checks the status.
    pub fn flush(&self, status: i32) -> String {
        let told = self.start_flush().finish();
        assert_eq!((told.ending, told.printed.as_str()), (Ending::Exited(status), ""), "{told:?}");
        told.said
    }

    pub fn start_flush(&self) -> Run {
        let flush = ["--flush", "-s", &self.site].map(OsString::from);
        self.begin(flush.into_iter().chain(self.options.iter().cloned()))
    }

    pub fn list<const N: usize>(&self, options: [&str; N]) -> Told {
        self.begin(["--spool"].into_iter().chain(options).map(OsString::from)).finish()
    }

    /// Runs a command that succeeds and of which there is nothing to submit, and checks that nothing is said.
    pub fn run_quietly(&self) {
        let told = self.errors_only().run("true");
        assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(0), ""), "{told:?}");
    }

    /// Keeps the event of a failure without trying to deliver it.
    pub fn keep(&self, name: &str) {
        let told = self.named(name).options(["--delivery_timeout", "0"]).run("exit 3");
        assert_eq!(told.ending, Ending::Exited(3), "{told:?}");
        assert!(told.said.contains(" was given") && told.said.contains("; kept"), "{told:?}");
    }

    /// Keeps an event for each name, in this order.
    pub fn keep_all<const N: usize>(&self, names: [&str; N]) {
        names.into_iter().for_each(|name| self.keep(name));
    }

    fn begin(&self, arguments: impl IntoIterator<Item = OsString>) -> Run {
        let program = dogwrap_path();
        let invocation = match self.script {
            None => Invocation::new(program, arguments),
            Some(script) => {
                let shell = ["-c".into(), script.into(), "sh".into(), program.into_os_string()];
                Invocation::new("/bin/sh", shell.into_iter().chain(arguments))
            }
        };
        let command = self
            .variables
            .iter()
            .fold(invocation, |so_far, (name, value)| so_far.variable(name, value))
            .variable("HOME", self.home())
            .variable("XDG_STATE_HOME", &self.state_home)
            .variable("DD_API_KEY", self.key)
            .variable("DD_HOSTNAME", HOST)
            .directory(self.home())
            .command();
        Run::start(command, self)
    }

    /// The files that wait, oldest first.
    pub fn waiting(&self) -> Vec<PathBuf> {
        json_files(&self.state().join("spool"))
    }

    pub fn set_aside(&self) -> Vec<PathBuf> {
        json_files(&self.state().join("set_aside"))
    }

    /// The records of runs that go on, or vanished.
    pub fn records(&self) -> Vec<PathBuf> {
        json_files(&self.state().join("running"))
    }

    /// The jobs of which something waits, oldest first.
    pub fn waiting_jobs(&self) -> Vec<String> {
        let job = |path: &PathBuf| content(path)["job"].as_str().expect("a job has a name").to_owned();
        self.waiting().iter().map(job).collect()
    }

    /// Waits until no process of this user is left.
    pub fn wait_until_nothing_is_left(&self) {
        eventually("the end of all processes", || processes::at_home(self.home()).is_empty().then_some(()));
    }

    pub fn assert_no_secret(&self) {
        for path in files_below(&self.state()) {
            // Another run may have delivered it.
            let text = fs::read(&path).unwrap_or_default();
            assert!(!String::from_utf8_lossy(&text).contains(SECRET), "{}", path.display());
        }
    }
}
