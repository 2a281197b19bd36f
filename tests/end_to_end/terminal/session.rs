//! A terminal with a shell in it, and somebody who types and reads.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use nix::fcntl::OFlag;
use nix::pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use nix::unistd::Pid;

use crate::processes;
use crate::server::{Answer, Server};
use crate::support::{Invocation, dogwrap_path};
use crate::watched::{Event, Gate, eventually, process_in};

pub const CONTROL_C: u8 = 3;
pub const CONTROL_Z: u8 = 26;
pub const CONTROL_BACKSLASH: u8 = 28;

/// What the shell shows when it waits for a command.
const PROMPT: &str = "(shell) ";

/// A terminal that shows what is printed, but not what is typed. In it runs an interactive shell.
///
/// In the shell `$run` is the program under test with its options; it reports to a server of its own.
pub struct Session {
    terminal: Option<PtyMaster>,
    /// What has been shown so far, and how much of that was read.
    shown: Vec<u8>,
    read: usize,
    shell: Child,
    pub gate: Gate,
    server: Server,
    invocation: Invocation,
}

impl Session {
    pub fn start() -> Self {
        let server = Server::start(Answer::default());
        let run = format!("{} -n job -k key -m all -s {}", dogwrap_path().display(), server.url());
        // In a session of its own, which the terminal controls.
        let invocation = Invocation::new("setsid", ["--ctty", "--wait", "sh", "-i"])
            .variable("run", run)
            .variable("PS1", PROMPT)
            .variable("TERM", "dumb");
        let gate = Gate::new(invocation.home().join("gate"));

        // Nobody else may hold it open: what other tests start must not inherit it.
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
        let terminal = posix_openpt(flags).expect("the system has pseudo-terminals");
        grantpt(&terminal).and_then(|()| unlockpt(&terminal)).expect("a new terminal is ours");
        let name = ptsname_r(&terminal).expect("a terminal has a name");
        let line = OpenOptions::new().read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits()).open(name);
        let line = line.expect("a terminal can be opened");
        let mut settings = tcgetattr(&line).expect("a terminal has settings");
        settings.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&line, SetArg::TCSANOW, &settings).expect("a terminal can be set up");

        let copy = || Stdio::from(line.try_clone().expect("a descriptor can be copied"));
        let mut command = invocation.command();
        command.stdin(copy()).stdout(copy()).stderr(copy());
        let shell = command.spawn().expect("setsid and sh are there");
        Self { terminal: Some(terminal), shown: Vec::new(), read: 0, shell, gate, server, invocation }
    }

    /// Types a line when the shell waits for one.
    pub fn command(&mut self, line: &str) {
        self.wait_for(PROMPT);
        self.type_line(line);
    }

    /// Has `script` run by the program under test, when the shell waits for a command.
    pub fn run(&mut self, script: &str) {
        self.run_with("$run", script, "");
    }

    /// The same, with what stands before and behind the script on the command line.
    pub fn run_with(&mut self, before: &str, script: &str, behind: &str) {
        fs::write(self.path("script"), script).expect("a file can be written");
        self.command(&format!("{before} -- . ./script {behind}"));
    }

    pub fn type_line(&mut self, line: &str) {
        self.keyboard().write_all(format!("{line}\n").as_bytes()).expect("a line fits into the terminal");
    }

    pub fn press(&mut self, key: u8) {
        self.keyboard().write_all(&[key]).expect("a key fits into the terminal");
    }

    fn keyboard(&mut self) -> &mut PtyMaster {
        self.terminal.as_mut().expect("the terminal was not closed")
    }

    /// Waits until `text` is shown behind what was read before, and reads up to its end.
    pub fn wait_for(&mut self, text: &str) {
        let Some(terminal) = &mut self.terminal else { panic!("the terminal was closed") };
        let (shown, read) = (&mut self.shown, &mut self.read);
        let mut piece = [0; 4096];
        eventually(&format!("{text:?} in the terminal"), || {
            while let Ok(length @ 1..) = terminal.read(&mut piece) {
                shown.extend_from_slice(&piece[..length]);
            }
            let position = shown[*read..].windows(text.len()).position(|window| window == text.as_bytes())?;
            *read += position + text.len();
            Some(())
        });
    }

    /// Closes the terminal, as when a connection breaks.
    pub fn hang_up(&mut self) {
        self.terminal = None;
    }

    /// Everything that has been shown, as far as it was waited for.
    pub fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown[..self.read]).into_owned()
    }

    pub fn event(&self) -> Event {
        Event::first_sent_to(&self.server)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.invocation.home().join(name)
    }

    /// The number of a process, which the command writes to the file.
    pub fn process(&self, file: &str) -> Pid {
        process_in(&self.path(file))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the terminal showed:\n{}", String::from_utf8_lossy(&self.shown));
        }
        processes::end_all_at_home(self.invocation.home());
        let _ = self.shell.wait();
    }
}
