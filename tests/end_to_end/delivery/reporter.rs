//! The program as one that reports to a site: what it says of that, what it keeps, and that no secret gets out of it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dogwrap::sites::SITES;
use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::stored::{Kept, read_all};
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

/// For what is known to fail, however often it is tried: the time for exactly two attempts. The second is made after half
/// a second at the latest, and a third would be after three quarters at the earliest.
const IMPATIENCE: &str = "0.74";

/// How often an impatient reporter sends what may be accepted when it is sent again.
pub const IMPATIENT_ATTEMPTS: usize = 2;

/// Within this everything is over that does not have to wait, on a machine that is busy: well under the time that is
/// given to a delivery.
pub const PROMPTLY: Duration = Duration::from_secs(5);

/// Within this everything is over.
const LIMIT: Duration = Duration::from_secs(15);

/// What becomes of a request that is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Kept,
    /// The API will never accept it.
    SetAside,
}

/// How a run ended, and all that it said. Commands here print nothing.
#[derive(Debug)]
pub struct Told {
    pub ending: Ending,
    pub said: String,
    pub duration: Duration,
}

impl Told {
    /// The command that a line tells to deliver what was kept with. Where it leaves out the key, there is one.
    pub fn advice(&self) -> String {
        let advice = self.said.split_once("deliver it with '").and_then(|(_, rest)| rest.strip_suffix("'\n"));
        let advice = advice.unwrap_or_else(|| panic!("{self:?} does not say what to do"));
        advice.replace("DD_API_KEY=...", &format!("DD_API_KEY={API_KEY}"))
    }
}

/// The program with a site to report to, and a directory of its own to work in, where its state is as well. A clone has
/// the same directory.
#[derive(Clone)]
pub struct Reporter {
    site: String,
    options: Vec<OsString>,
    variables: Vec<(String, OsString)>,
    directory: Arc<TempDir>,
    state: PathBuf,
}

impl Reporter {
    pub fn to(site: impl Into<String>) -> Self {
        Self::without_key(site).variable("DD_API_KEY", API_KEY)
    }

    pub fn without_key(site: impl Into<String>) -> Self {
        let directory = Arc::new(tempfile::tempdir().expect("a temporary directory can be made"));
        let variables = vec![("XDG_STATE_HOME".to_owned(), directory.path().into())];
        let state = directory.path().join("dogwrap");
        Self { site: site.into(), options: Vec::new(), variables, directory, state }
    }

    /// The same with time for [`IMPATIENT_ATTEMPTS`].
    pub fn impatient(&self) -> Self {
        self.clone().options(["--delivery_timeout", IMPATIENCE])
    }

    /// The same with a state directory that an option names: a path from the directory that is worked in.
    pub fn spool_directory(&self, path: &str) -> Self {
        let state = self.directory.path().join(path);
        Self { state, ..self.clone().options(["--spool_dir", path]) }
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

    /// The site as it is shown to people: the URL of its API.
    pub fn api(&self) -> String {
        match SITES.iter().find(|(short, _)| *short == self.site) {
            Some((_, domain)) => format!("https://api.{domain}"),
            None => self.site.replace(&format!("{CREDENTIALS}@"), ""),
        }
    }

    /// The site as the advice to deliver has it: a domain stays one, since it leads to public addresses only.
    fn site_advised(&self) -> String {
        let named = SITES.iter().find(|(short, _)| *short == self.site);
        named.map_or_else(|| self.api(), |(_, domain)| (*domain).to_owned())
    }

    /// The directory that is worked in.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The directory that holds all state.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// The directory that holds one file for each request that was kept.
    pub fn spool(&self) -> PathBuf {
        self.state.join("spool")
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
        let arguments = ["--flush", "-s", &self.site].map(OsString::from).into_iter();
        self.begin(dogwrap_path(), arguments.chain(self.options.iter().cloned()))
    }

    /// What is listed of what was kept and set aside.
    pub fn list(&self) -> String {
        let arguments = [OsString::from("--spool")].into_iter().chain(self.options.iter().cloned());
        let (told, listed) = self.begin(dogwrap_path(), arguments).finish_printing();
        assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(0), ""));
        listed
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
        let invocation = invocation.directory(self.directory());
        let invocation = self.variables.iter().fold(invocation, |so_far, (name, value)| so_far.variable(name, value));
        Reporting { running: invocation.start(), invocation, reporter: self }
    }

    /// What is kept, oldest first.
    pub fn kept(&self) -> Vec<Kept> {
        read_all(&self.spool())
    }

    /// What is set aside, oldest first.
    pub fn set_aside(&self) -> Vec<Kept> {
        read_all(&self.state.join("set_aside"))
    }

    /// Runs a command that fails and one that succeeds, checks that their statuses stand and their events are kept, as
    /// one line says, and returns the reason that it gives.
    pub fn reason_of_keeping(&self) -> String {
        self.reason_of(Fate::Kept)
    }

    /// The same where the events may be set aside instead.
    pub fn reason_of(&self, fate: Fate) -> String {
        let [failure, success] = [3, 0].map(|status| {
            let told = self.impatient().run(&format!("exit {status}"));
            assert_eq!(told.ending, Ending::Exited(status), "{told:?}");
            assert!(told.duration < PROMPTLY, "{told:?}");
            self.reason_given_of("event", fate, &told)
        });
        let (stored, others) = match fate {
            Fate::Kept => (self.kept(), self.set_aside()),
            Fate::SetAside => (self.set_aside(), self.kept()),
        };
        assert_eq!((stored.len(), others.len()), (2, 0), "{stored:?}, {others:?}");
        for (kept, alert_type) in stored.iter().zip(["error", "success"]) {
            assert_eq!((&kept.recipient.api, &kept.reason), (&self.api(), &failure));
            assert_eq!((kept.request.kind.as_str(), &kept.request.body["alert_type"]), ("event", &alert_type.into()));
        }
        assert_eq!(failure, success);
        failure
    }

    /// Why `what` was not delivered, from the one line that says so and that it is kept.
    pub fn reason_given(&self, what: &str, told: &Told) -> String {
        self.reason_given_of(what, Fate::Kept, told)
    }

    /// Why `what` was not delivered, from the one line that says so and what has become of it.
    pub fn reason_given_of(&self, what: &str, fate: Fate, told: &Told) -> String {
        let beginning = format!("dogwrap: {what} not delivered to {}: ", self.api());
        let outlooks: &[_] = match fate {
            Fate::Kept => &["; kept for a later run, or deliver it with '", "; kept, deliver it with '"],
            Fate::SetAside => &["; set aside, see '"],
        };
        let rest = told.said.strip_prefix(&beginning);
        let reason = rest.and_then(|rest| outlooks.iter().find_map(|outlook| rest.split_once(outlook)));
        let (reason, rest) = reason.unwrap_or_else(|| panic!("{told:?} does not say that {what} is {fate:?}"));
        let advice = match fate {
            Fate::Kept => format!("dogwrap --flush --site {}'\n", self.site_advised()),
            Fate::SetAside => "dogwrap --spool'\n".to_owned(),
        };
        assert!(rest.ends_with(&advice) && told.said.lines().count() == 1, "{told:?}");
        reason.to_owned()
    }

    /// Checks that `command` ends with `status` and is accepted without a word.
    pub fn assert_delivered(&self, command: &str, status: i32) {
        let told = self.run(command);
        assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(status), ""), "{told:?}");
        assert!(self.kept().is_empty(), "{:?}", self.kept());
    }

    /// Checks that no secret stands in what was said, nor in any file of the state directory.
    pub fn check_that_secrets_are_kept(&self, said: &str) {
        let shows_one = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            SECRETS.iter().any(|secret| text.contains(secret))
        };
        assert!(!shows_one(said.as_bytes()), "a secret is shown: {said}");
        for path in all_below(&self.state) {
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
    /// The home of the run, by which its processes are known.
    pub fn home(&self) -> &Path {
        self.invocation.home()
    }

    /// Waits for the end, and checks what holds at every end: nothing shows a secret, and no process is left.
    pub fn finish(self) -> Told {
        let (told, printed) = self.finish_printing();
        assert_eq!(printed, "");
        told
    }

    /// The same, and returns what was printed as well.
    fn finish_printing(self) -> (Told, String) {
        let (outcome, overdue) = self.running.finish(&[(LIMIT, Signal::SIGKILL)]);
        assert!(!overdue, "{} took longer than {LIMIT:?}; it showed {outcome:?}", self.invocation);
        let text = |bytes| String::from_utf8(bytes).expect("messages are UTF-8");
        let (said, printed) = (text(outcome.stderr), text(outcome.stdout));
        self.reporter.check_that_secrets_are_kept(&said);
        self.reporter.check_that_secrets_are_kept(&printed);
        assert_eq!(processes::at_home(self.invocation.home()), []);
        (Told { ending: outcome.ending, said, duration: outcome.duration }, printed)
    }
}
