//! The program `dogwrap`: a process of its own around a run. It has the signals, the terminal and the standard streams, and
//! ends with the status of the run.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::mem::forget;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};

use crate::component::{Host, Loading};
use crate::invocation::Invocation;
use crate::policy::{Policy, SHELL};
use crate::process::Terminal;
use crate::run::{self, INTERNAL_ERROR};
use crate::surroundings::Surroundings;
use crate::unchecked::CommandLine;
use crate::{capabilities, conceal, forward, unchecked, words};

/// The status of a command that cannot be started, as a shell gives it.
const CANNOT_START: u8 = 126;

/// The program `dogwrap`, from its arguments to its end. Takes the whole process: to be called first, by a program that does
/// nothing else.
pub fn program(command_line: CommandLine) -> ! {
    open_standard_streams();
    unchecked::ignore_broken_pipes();
    let status = if forward::is_asked_for() { forward::run() } else { answer(command_line) };
    std::process::exit(status.into())
}

/// Does what the arguments ask for, and returns the status to end with.
fn answer(command_line: CommandLine) -> u8 {
    // Before any thread exists: each inherits what is blocked here.
    let terminal = Terminal::of_standard_input();
    let invocation = Invocation::read();
    conceal::conceal(command_line, &invocation.arguments, invocation.keys());
    // What takes longest, so as early as it is known what to load.
    let loading = Loading::begin(invocation.component());
    let policy = Arc::new(Policy::new(&invocation, |name| std::env::var(name).ok()));
    if let Some(status) = capabilities::answer(&invocation, &policy) {
        return status;
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return give_way(&policy, &error),
    };
    let status = runtime.block_on(run(invocation, loading, &policy, terminal));
    // A look-up that hangs would be waited for.
    forget(runtime);
    status
}

/// Opens what is closed of standard input, output and error: another file would take its place, and get what is not for it.
fn open_standard_streams() {
    let is_closed = |stream: BorrowedFd| fcntl(stream, FcntlArg::F_GETFD) == Err(Errno::EBADF);
    for stream in [io::stdin().as_fd(), io::stdout().as_fd(), io::stderr().as_fd()] {
        if is_closed(stream)
            && let Ok(nothing) = OpenOptions::new().read(true).write(true).open("/dev/null")
        {
            // The lowest number that is free is the one that was closed.
            forget(nothing);
        }
    }
}

/// Does what `invocation` asks for, and returns the status to end with. `terminal` is our standard input, when it is one.
async fn run(
    invocation: Invocation,
    loading: Result<Loading, String>,
    policy: &Arc<Policy>,
    terminal: Option<Terminal>,
) -> u8 {
    let host = Surroundings::of_program(terminal).and_then(|surroundings| Host::new(invocation, policy, surroundings));
    let host = match host {
        Ok(host) => host,
        Err(error) => return give_way(policy, &error),
    };
    let loaded = loading.and_then(Loading::finish);
    let (host, status) = run::run(host, loaded.as_ref().map_err(String::clone)).await;
    if let Some(command) = host.processes.command() {
        command.release_terminal();
    }
    // The kernel frees it faster.
    forget((host, loaded));
    status
}

/// Lets the command have this process, since nothing can be set up to supervise it. Returns a status if there is none.
fn give_way(policy: &Policy, error: &io::Error) -> u8 {
    let reason = words::of(error);
    let Some(command) = &policy.command else {
        say(&format!("cannot start: {reason}"));
        return INTERNAL_ERROR;
    };
    say(&format!("cannot start: {reason}; the command runs by itself, and is not reported"));
    let mut shell = Command::new(OsStr::from_bytes(SHELL));
    shell.arg("-c").arg(OsStr::from_bytes(&command.line));
    command.hidden.iter().for_each(|name| {
        shell.env_remove(name);
    });
    let error = shell.exec();
    say(&format!("cannot start the command: {}", words::of(&error)));
    CANNOT_START
}

/// Tells people something. That nobody takes it is no reason to do anything else.
fn say(message: &str) {
    let _ = writeln!(io::stderr(), "dogwrap: {message}");
}
