//! The runs whose costs are counted, each in surroundings that are the same everywhere.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use std::{fs, thread};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::personality::{self, Persona};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::server::{Answer, Server};
use crate::support::{Invocation, dogwrap_path};

/// How long a run may take until it is ended.
const LIMIT: Duration = Duration::from_secs(60);

const LINE_BYTES: usize = 80;

const MEGABYTES: usize = 20;

/// What the wrapper is given to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// `true`, of which nothing is sent.
    Nothing,
    /// `true`, and the event about it is sent to a server on loopback.
    Event,
    /// Lines of 80 bytes, 20 MB of them, of which nothing is sent.
    Lines,
}

/// A run that can be repeated, and its surroundings for as long as it is there.
pub struct Prepared {
    run: Run,
    home: TempDir,
    server: Server,
}

impl Run {
    pub fn prepare(self) -> Prepared {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let line = ["x".repeat(LINE_BYTES - 1), "\n".into()].concat();
        fs::write(home.path().join("megabyte"), line.repeat(1_000_000 / LINE_BYTES)).expect("a file can be written");
        Prepared { run: self, home, server: Server::start(Answer::default()) }
    }

    fn command(self) -> String {
        match self {
            Run::Nothing | Run::Event => "true".into(),
            Run::Lines => format!("cat{}", " megabyte".repeat(MEGABYTES)),
        }
    }

    fn events(self) -> usize {
        usize::from(self == Run::Event)
    }
}

impl Prepared {
    /// The wrapper, started by `starter` with its own arguments if there is one. Its output goes nowhere.
    pub fn command(&self, starter: &[OsString]) -> Command {
        let mode = if self.run.events() > 0 { "all" } else { "errors" };
        let arguments =
            ["-n", "costs", "-k", "key", "-s", &self.server.url(), "-m", mode, &self.run.command()].map(OsString::from);
        let mut words = starter.iter().cloned().chain([dogwrap_path().into()]).chain(arguments);
        let program = words.next().expect("there is at least the wrapper");
        let invocation = Invocation::new(program, words)
            .variable("PATH", "/usr/bin:/bin")
            // How the name of a machine is found is not the same on all of them.
            .variable("DD_HOSTNAME", "host")
            .variable("HOME", self.home.path())
            .variable("XDG_STATE_HOME", self.home.path().join("state"))
            .directory(self.home.path());
        let mut command = invocation.command();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        arrange(&mut command);
        command
    }

    /// Starts `command`, lets `wait` wait for its end and count, and checks that it did what it should have done.
    pub fn count(&self, command: &mut Command, wait: impl FnOnce(Pid) -> (WaitStatus, u64)) -> u64 {
        let events = self.server.requests().len();
        let started = command.spawn().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
        let process = number_of(started);
        let (status, count) = within_limit(process, || wait(process));
        assert_eq!(status, WaitStatus::Exited(process, 0), "{command:?} failed, or took longer than {LIMIT:?}");
        assert_eq!(self.server.requests().len() - events, self.run.events(), "events of {command:?}");
        count
    }

    /// A file of this name in the directory where the wrapper runs.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }
}

/// The number of a process that is waited for by that number.
pub fn number_of(child: Child) -> Pid {
    Pid::from_raw(child.id().try_into().expect("a process number is positive"))
}

/// Has the program, and the command that it starts, run on one processor and, if that is permitted, with everything at the
/// same addresses. Then its threads meet in much the same way each time, and it touches the same pages.
#[expect(unsafe_code, reason = "what runs between fork and exec must be safe there, which the compiler cannot see")]
fn arrange(command: &mut Command) {
    let permitted = sched_getaffinity(Pid::from_raw(0)).expect("a thread runs on some processors");
    let first = (0..CpuSet::count()).find(|&processor| permitted.is_set(processor) == Ok(true));
    let mut one = CpuSet::new();
    one.set(first.expect("there is a processor")).expect("it has a place in the set");
    let arrange = move || {
        let _ = personality::set(Persona::ADDR_NO_RANDOMIZE);
        Ok(sched_setaffinity(Pid::from_raw(0), &one)?)
    };
    // SAFETY: the closure only calls `personality` and `sched_setaffinity`, which are async-signal-safe.
    unsafe { command.pre_exec(arrange) };
}

/// Ends the process when it has not been waited for in time.
fn within_limit<T>(process: Pid, wait: impl FnOnce() -> T) -> T {
    let (ended, end) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            if end.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
                // It may have ended at this moment.
                let _ = killpg(process, Signal::SIGKILL);
            }
        });
        let result = wait();
        drop(ended);
        result
    })
}
