//! The program `dogwrap`: a process of its own around a run. It has the signals, the terminal and the standard streams, and
//! ends with the status of the run.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use crate::component::{Host, Loaded};
use crate::invocation::Invocation;
use crate::policy::{Policy, SHELL};
use crate::process::Terminal;
use crate::run::{self, INTERNAL_ERROR};
use crate::surroundings::Surroundings;
use crate::{capabilities, conceal, forward, words};

/// The status of a command that cannot be started, as a shell gives it.
const CANNOT_START: u8 = 126;

/// The program `dogwrap`, from its arguments to its exit status. Takes the whole process: to be called first in `main`, by a
/// program that does nothing else.
pub fn program() -> ExitCode {
    if forward::is_asked_for() {
        return forward::run();
    }
    let invocation = Invocation::read();
    conceal::conceal(&invocation.arguments, invocation.keys());
    let policy = Arc::new(Policy::new(&invocation, |name| std::env::var(name).ok()));
    if let Some(status) = capabilities::answer(&invocation, &policy) {
        return status;
    }
    // Before any thread exists: each inherits what is blocked here.
    let terminal = Terminal::of_standard_input();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return ExitCode::from(give_way(&policy, &error)),
    };
    let status = runtime.block_on(run(invocation, &policy, terminal));
    // Nothing is torn down: the kernel frees it faster, and a look-up that hangs would be waited for.
    std::process::exit(status.into())
}

/// Does what `invocation` asks for, and returns the status to end with. `terminal` is our standard input, when it is one.
async fn run(invocation: Invocation, policy: &Arc<Policy>, terminal: Option<Terminal>) -> u8 {
    let component = invocation.component();
    let host = Surroundings::of_program(terminal).and_then(|surroundings| Host::new(invocation, policy, surroundings));
    let host = match host {
        Ok(host) => host,
        Err(error) => return give_way(policy, &error),
    };
    let loaded = Loaded::new(component.as_deref());
    let (host, status) = run::run(host, loaded.as_ref().map_err(String::clone)).await;
    if let Some(command) = host.processes.command() {
        command.release_terminal();
    }
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
