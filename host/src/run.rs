//! One run of this program: the component does it, and the host sees that its command comes to no harm.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use dogwrap::command_line;
use dogwrap::listing::printable;
use dogwrap::settings::Settings;
use tokio::time::timeout;

use crate::component::{self, Host};
use crate::invocation::Invocation;
use crate::policy::{Ending, Policy, SHELL};
use crate::process::Terminal;
use crate::{policy, stand_in, words};

/// The status when something is wrong with this program itself: EX_SOFTWARE of sysexits.h.
const INTERNAL_ERROR: u8 = 70;

/// How long what this program says is waited for: nobody may take it.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The status of a command that cannot be started, as a shell gives it.
const CANNOT_START: u8 = 126;

/// Does what `invocation` asks for, and returns the status to end with. `terminal` is our standard input, when it is one.
pub async fn run(invocation: Invocation, policy: &Arc<Policy>, terminal: Option<Terminal>) -> u8 {
    let host = match Host::new(invocation, policy, terminal) {
        Ok(host) => host,
        Err(error) => return give_way(policy, &error),
    };
    let (mut host, result) = component::run(host).await;
    let status = match result.map(|status| (status, ending(&host, status))) {
        Ok((_, Ending::Accepted(status))) => status,
        Ok((given, Ending::Corrected(status))) => {
            host.say(&format!("the component ended with status {given}, and the command with {status}, which counts"));
            be_heard(&host).await;
            status
        }
        Ok((_, Ending::Refused(reason))) | Err(reason) => do_without(&mut host, &printable(&reason)).await,
    };
    if let Some(command) = host.processes.command() {
        command.release_terminal();
    }
    status
}

/// What it means that the component has ended with `status`.
fn ending(host: &Host, status: u8) -> Ending {
    let command = host.processes.command();
    let was_asked_to_end = host.processes.received.seen().into_iter().any(policy::asks_to_end);
    if was_asked_to_end && command.as_ref().is_some_and(|command| command.outcome().is_none()) {
        // The command was killed, and given up: the kernel does not end it.
        return Ending::Accepted(status);
    }
    let outcome = command.as_ref().map_or_else(|| host.processes.not_started(), |command| command.outcome());
    host.processes.policy.ending(status, outcome.as_ref(), command.map(|command| command.running()))
}

/// Does what can be done without a component, which has failed for `reason`.
async fn do_without(host: &mut Host, reason: &str) -> u8 {
    let Some(settings) = settings(&host.processes.invocation) else {
        host.say(&format!("the component failed: {reason}"));
        be_heard(host).await;
        return INTERNAL_ERROR;
    };
    let goes_on = match host.processes.command().map(|command| command.outcome()) {
        None => "; the command runs without it",
        Some(None) => "; the command runs on without it",
        Some(Some(_)) => "",
    };
    let lost = match host.flow.withheld() {
        0 => String::new(),
        bytes => format!(" ({bytes} bytes of output that it had read are lost)"),
    };
    host.say(&format!("the component failed: {reason}{lost}{goes_on}"));
    let status = stand_in::finish(host, &settings, reason).await;
    be_heard(host).await;
    status
}

/// Waits until what was said is written, if anybody takes it.
async fn be_heard(host: &Host) {
    let _ = timeout(LAST_WORDS, host.outputs[1].settled()).await;
}

/// The settings of the run that is asked for, if one is.
fn settings(invocation: &Invocation) -> Option<Settings> {
    let variable = |name: &str| std::env::var(name).ok();
    match invocation.asked_for(&variable, &|| invocation.read_key_file()) {
        Ok(command_line::Invocation::Run(settings)) => Some(*settings),
        _ => None,
    }
}

/// Lets the command have this process, since nothing can be set up to supervise it. Returns a status if there is none.
pub fn give_way(policy: &Policy, error: &io::Error) -> u8 {
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
