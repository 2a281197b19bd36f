//! A run of the program, which can be watched while it goes on: everything that it shows goes to files.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::NamedTempFile;

use super::wrapper::{SECRET, Wrapper};
use crate::support::Ending;
use crate::watched::within;

/// How long a run may take, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// A run, or whatever else the program was asked for.
pub struct Run {
    child: Child,
    stdout: NamedTempFile,
    stderr: NamedTempFile,
    started: Instant,
    wrapper: Wrapper,
}

/// How it ended, and all that it showed.
#[derive(Debug)]
pub struct Told {
    pub ending: Ending,
    pub printed: String,
    pub said: String,
    pub duration: Duration,
}

impl Run {
    /// Starts a command of `wrapper`.
    pub fn start(mut command: Command, wrapper: &Wrapper) -> Self {
        let output = || NamedTempFile::new().expect("a temporary file can be made");
        let (stdout, stderr) = (output(), output());
        let stream = |file: &NamedTempFile| Stdio::from(file.reopen().expect("a temporary file can be opened"));
        command.stdout(stream(&stdout)).stderr(stream(&stderr));
        let child = command.spawn().expect("the program can be started");
        Self { child, stdout, stderr, started: Instant::now(), wrapper: wrapper.clone() }
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().expect("a process number is positive"))
    }

    pub fn said_so_far(&self) -> String {
        fs::read_to_string(&self.stderr).expect("messages are UTF-8")
    }

    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().expect("a child can be waited for").is_some()
    }

    /// Waits for the end of the program, and checks that no key got out of it.
    pub fn finish(self) -> Told {
        self.finish_within(PATIENCE)
    }

    /// The same for a program that takes its time.
    pub fn finish_within(mut self, patience: Duration) -> Told {
        let status =
            within(patience, "the end of the program", || self.child.try_wait().expect("it can be waited for"));
        let duration = self.started.elapsed();
        let printed = fs::read_to_string(&self.stdout).expect("output is UTF-8");
        let told = Told { ending: status.into(), printed, said: self.said_so_far(), duration };
        assert!(!told.said.contains(SECRET) && !told.printed.contains(SECRET), "{told:?}");
        self.wrapper.assert_no_secret();
        told
    }

    /// Kills the program, and nothing of what it has started.
    pub fn kill(self) -> Told {
        kill(self.pid(), Signal::SIGKILL).expect("what was not waited for can be signalled");
        self.finish()
    }
}
