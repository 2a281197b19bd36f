//! One run: the component does it, and the host sees that its command comes to no harm.

use std::time::Duration;

use dogwrap::command_line;
use dogwrap::listing::printable;
use dogwrap::settings::Settings;
use tokio::time::timeout;

use crate::component::{Host, Loaded, Used};
use crate::invocation::Invocation;
use crate::policy::{self, Ending};
use crate::stand_in;

/// The status when something is wrong with this program itself: EX_SOFTWARE of sysexits.h.
pub const INTERNAL_ERROR: u8 = 70;

/// How long what this program says is waited for: nobody may take it.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Has a component do what is asked for with what `host` lends, and returns that and the status to end with. `loaded` may be
/// the reason why there is none.
pub async fn run(host: Host, loaded: Result<&Loaded, String>) -> (Used, u8) {
    let (mut host, result) = match loaded {
        Ok(loaded) => loaded.run(host).await,
        Err(reason) => (Used::Never(Box::new(host)), Err(reason)),
    };
    let status = match result.map(|status| (status, ending(&host, status))) {
        Ok((_, Ending::Accepted(status))) => status,
        Ok((given, Ending::Corrected(status))) => {
            host.say(&format!("the component ended with status {given}, and the command with {status}, which counts"));
            be_heard(&host).await;
            status
        }
        Ok((_, Ending::Refused(reason))) | Err(reason) => do_without(&mut host, &printable(&reason)).await,
    };
    (host, status)
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
