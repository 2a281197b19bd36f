//! Running a program as a test does: a known environment, a time limit, and everything it showed.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigHandler, Signal, killpg, signal};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use tempfile::TempDir;

/// How long a run may take that is not given other limits.
const RUN_LIMIT: Duration = Duration::from_secs(60);

/// How long output may stay open after the program has ended.
const END_OF_OUTPUT_LIMIT: Duration = Duration::from_secs(20);

/// The program under test: what `DOGWRAP` names, or else the one that `make host` builds.
pub fn dogwrap_path() -> PathBuf {
    let path = std::env::var_os("DOGWRAP")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bin/dogwrap"), PathBuf::from);
    assert!(path.is_file(), "{} does not exist: run `make host` first, or name a program in DOGWRAP", path.display());
    path
}

/// Says that something is not tested here, and why.
pub fn skipped(what: &str) {
    // Not by a macro: what those print is shown only when a test fails.
    writeln!(io::stderr(), "\nSKIPPED: {what}").expect("stderr can be written to");
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Exited(i32),
    Signaled(i32),
}

impl From<ExitStatus> for Ending {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Ending::Exited(code),
            (None, Some(signal)) => Ending::Signaled(signal),
            (None, None) => panic!("{status} is neither an exit nor a signal"),
        }
    }
}

/// Everything a finished program showed.
#[derive(Debug)]
pub struct Outcome {
    pub ending: Ending,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub duration: Duration,
}

/// A program to run, with its arguments and surroundings.
///
/// The environment is `PATH`, `LANG`, and `HOME` and `XDG_STATE_HOME` in a fresh directory that lives as long as this value,
/// which is also the working directory, and standard input is empty.
#[derive(Clone)]
pub struct Invocation {
    program: PathBuf,
    arguments: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    home: Arc<TempDir>,
    directory: PathBuf,
    input: Vec<u8>,
}

impl Invocation {
    pub fn new<A: Into<OsString>>(program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = A>) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        Self {
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            variables: Vec::new(),
            directory: home.path().to_path_buf(),
            home: Arc::new(home),
            input: Vec::new(),
        }
    }

    /// Sets a variable, also one of those that are set anyway.
    pub fn variable(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = directory.into();
        self
    }

    /// What the program reads on its standard input.
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Runs the program to its end. The test fails if that takes longer than the limit.
    pub fn run(&self) -> Outcome {
        let (outcome, overdue) = self.start().finish(&[(RUN_LIMIT, Signal::SIGKILL)]);
        assert!(!overdue, "{self} took longer than {RUN_LIMIT:?}; it showed {outcome:?}");
        outcome
    }

    /// The directory that is made for this program: its home, and where it works unless told otherwise.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The program with its arguments and surroundings, its output to be read, as the leader of its own process group.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()))
            .env("LANG", "C.UTF-8")
            .env("HOME", self.home.path())
            .env("XDG_STATE_HOME", self.home.path().join("state"))
            .envs(self.variables.iter().cloned())
            .current_dir(&self.directory)
            .process_group(0)
            .stdin(if self.input.is_empty() { Stdio::null() } else { Stdio::piped() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        heed_signals(&mut command);
        command
    }

    /// Starts the program.
    pub fn start(&self) -> Running {
        let started = Instant::now();
        let mut child = self.command().spawn().unwrap_or_else(|error| panic!("{self} cannot be started: {error}"));
        if let Some(mut stdin) = child.stdin.take() {
            let input = self.input.clone();
            // A program need not read its input: that it went away is no failure of the test.
            thread::spawn(move || stdin.write_all(&input));
        }
        Running {
            stdout: read_to_end(child.stdout.take().expect("stdout is a pipe")),
            stderr: read_to_end(child.stderr.take().expect("stderr is a pipe")),
            child,
            started,
            _home: Arc::clone(&self.home),
        }
    }
}

impl std::fmt::Display for Invocation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(formatter, "{}", self.program.display())?;
        self.arguments.iter().try_for_each(|argument| write!(formatter, " {argument:?}"))
    }
}

/// Has `command` start with no signal ignored, although these tests may have been started with some.
#[expect(unsafe_code, reason = "what runs between fork and exec must be safe there, which the compiler cannot see")]
fn heed_signals(command: &mut Command) {
    let heed = || {
        for number in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM] {
            // SAFETY: no handler is installed here, and none was.
            unsafe { signal(number, SigHandler::SigDfl) }?;
        }
        Ok(())
    };
    // SAFETY: the closure only calls `sigaction`, which is async-signal-safe.
    unsafe { command.pre_exec(heed) };
}

/// A started program.
pub struct Running {
    child: Child,
    stdout: Receiver<Vec<u8>>,
    stderr: Receiver<Vec<u8>>,
    started: Instant,
    _home: Arc<TempDir>,
}

impl Running {
    /// The process, which is also its group.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().expect("a process number is positive"))
    }

    /// Waits for the end. Whenever it does not come in time the group gets the next signal; returns whether any was needed.
    pub fn finish(mut self, signals: &[(Duration, Signal)]) -> (Outcome, bool) {
        let (ended, end) = mpsc::channel::<()>();
        let (pid, signals) = (self.pid(), signals.to_vec());
        let watchdog = thread::spawn(move || {
            let mut overdue = false;
            for (limit, signal) in signals {
                if end.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                    killpg(pid, signal).expect("a group that was not waited for can be signalled");
                    overdue = true;
                }
            }
            overdue
        });
        // The process stays a zombie until the watchdog is gone, so that its number cannot name another.
        waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT).expect("a child can be waited for");
        let duration = self.started.elapsed();
        drop(ended);
        let overdue = watchdog.join().expect("the watchdog does not panic");
        let status = self.child.wait().expect("a child can be waited for");
        let end_of = |stream: &Receiver<Vec<u8>>| {
            stream.recv_timeout(END_OF_OUTPUT_LIMIT).expect("output ends soon after the program")
        };
        let outcome =
            Outcome { ending: status.into(), stdout: end_of(&self.stdout), stderr: end_of(&self.stderr), duration };
        (outcome, overdue)
    }
}

fn read_to_end(mut stream: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut content = Vec::new();
        stream.read_to_end(&mut content).expect("a pipe can be read");
        // Nobody may be waiting any more, when the test has failed already.
        let _ = sender.send(content);
    });
    receiver
}
