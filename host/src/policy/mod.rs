//! What the component may do: only what the person who called this program asked for. Decided from how it was called,
//! with no WebAssembly in it.

mod addresses;
pub mod environment;
pub mod limits;
mod origin;
#[cfg(test)]
mod tests;

use std::time::Duration;

use http::{Method, Uri};
use nix::sys::signal::Signal;

use dogwrap::command_line;
use dogwrap::run::Outcome;
use dogwrap::settings::{API_KEY_VARIABLES, Settings};

use crate::invocation::Invocation;
use origin::Origin;

pub use addresses::Addresses;
pub use origin::Recipient;

/// The shell that runs commands.
pub const SHELL: &[u8] = b"/bin/sh";

/// Variables that name the API, besides the option.
const SITE_VARIABLES: &[&str] = &["DD_SITE", "DATADOG_HOST"];

/// What was asked for.
pub struct Policy {
    /// The one command, if one is to be run.
    pub command: Option<Command>,
    /// Who may be sent requests, and at which addresses.
    pub recipients: Vec<Recipient>,
    /// How much may be written besides what the command prints, in bytes.
    pub own_words: u64,
    /// How long the component may take once the command has ended, or somebody asks it to end.
    pub time_to_finish: Duration,
}

/// A command that is to be run.
pub struct Command {
    /// The words for the shell.
    pub line: Vec<u8>,
    /// Variables that it is started without.
    pub hidden: &'static [&'static str],
    /// After this long the command may be ended; never, if none.
    pub timeout: Option<Duration>,
}

/// What the end of a component means for its command.
#[derive(Debug, PartialEq, Eq)]
pub enum Ending {
    /// The status to end with.
    Accepted(u8),
    /// The component has not done its work: the command is run, or seen through, without it. Why, for people.
    Refused(String),
    /// The status that the component has given is none of its command. That one counts.
    Corrected(u8),
}

impl Policy {
    /// The policy for `invocation` in an environment of which `variable` gives the values.
    pub fn new(invocation: &Invocation, variable: impl Fn(&str) -> Option<String>) -> Self {
        let asked_for = invocation.asked_for(&variable, &|| None);
        let settings = match &asked_for {
            Ok(command_line::Invocation::Run(settings)) => Some(settings),
            _ => None,
        };
        let delivery = match &asked_for {
            Ok(command_line::Invocation::Run(settings)) => Some(&settings.delivery),
            Ok(command_line::Invocation::Flush { delivery, .. }) => Some(delivery),
            _ => None,
        };
        let is_list = matches!(asked_for, Ok(command_line::Invocation::Spool { .. }));
        let named = SITE_VARIABLES.iter().filter_map(|name| variable(name)).chain(invocation.site());
        let told_to_take = [delivery.map(|delivery| delivery.timeout), settings.map(|settings| drain(settings))];
        Self {
            command: settings.map(|settings| Command::of(settings)),
            recipients: origin::recipients(named),
            own_words: if is_list { limits::LIST } else { limits::OWN_WORDS },
            time_to_finish: told_to_take.into_iter().flatten().fold(limits::TIME_TO_FINISH, Duration::saturating_add),
        }
    }

    /// Whether the component may start `program` with `arguments`, less the variables `unset`.
    pub fn permits_command(&self, program: &[u8], arguments: &[Vec<u8>], unset: &[String]) -> bool {
        self.command.as_ref().is_some_and(|command| {
            program == SHELL
                && matches!(arguments, [option, line] if option == b"-c" && *line == command.line)
                && unset.iter().all(|name| command.hidden.contains(&name.as_str()))
        })
    }

    /// Whether the component may send `signal` to the command, which has run for `running`. `received` are the signals
    /// that this program was sent.
    ///
    /// It passes on what came, and ends the command when its time is over or somebody has asked for its end.
    pub fn permits_signal(&self, signal: Signal, running: Duration, received: &[Signal]) -> bool {
        received.contains(&signal)
            || (asks_to_end(signal)
                && (self.is_over(Some(running)) || received.iter().any(|signal| asks_to_end(*signal))))
    }

    /// What became of the command, of which the status that counts is `status`; the others as in [`Policy::ending`].
    pub fn outcome(&self, status: u8, outcome: Option<Outcome>, running: Option<Duration>) -> Outcome {
        if self.is_over(running) && status == Outcome::TimedOut.exit_status() {
            return Outcome::TimedOut;
        }
        // It was killed, and given up: the kernel does not end it.
        outcome.unwrap_or(Outcome::Signaled(Signal::SIGKILL as u8))
    }

    /// Whether a command that has run for so long has had its time.
    fn is_over(&self, running: Option<Duration>) -> bool {
        self.timeout().zip(running).is_some_and(|(timeout, running)| running >= timeout)
    }

    fn timeout(&self) -> Option<Duration> {
        self.command.as_ref()?.timeout
    }

    /// At which addresses the one that a request goes to may be; none if the component may not send it.
    pub fn permits_request(&self, method: &Method, uri: &Uri) -> Option<Addresses> {
        let origin = Origin::of(uri).filter(|_| method == Method::POST)?;
        self.recipients.iter().find(|recipient| recipient.origin == origin).map(|recipient| recipient.addresses)
    }

    /// What it means that the component has ended with `status`. `outcome` is what became of the command, if it was
    /// started and has ended; `running` for how long it has run by now, if it was started at all.
    pub fn ending(&self, status: u8, outcome: Option<&Outcome>, running: Option<Duration>) -> Ending {
        const USAGE_ERROR: u8 = command_line::UsageError::EXIT_STATUS;
        let of_timeout = self.is_over(running).then(|| Outcome::TimedOut.exit_status());
        match (&self.command, outcome, running) {
            (None, ..) => Ending::Accepted(status),
            // Rules may refuse to run a command, but not pretend that they did.
            (Some(_), None, None) if status == USAGE_ERROR => Ending::Accepted(status),
            (Some(_), None, None) => {
                Ending::Refused(format!("it ended with status {status} and did not start the command"))
            }
            (Some(_), None, Some(_)) if of_timeout == Some(status) => Ending::Accepted(status),
            (Some(_), None, Some(_)) => {
                Ending::Refused(format!("it ended with status {status} before the command did"))
            }
            (Some(_), Some(outcome), _) if [Some(outcome.exit_status()), of_timeout].contains(&Some(status)) => {
                Ending::Accepted(status)
            }
            (Some(_), Some(outcome), _) => Ending::Corrected(outcome.exit_status()),
        }
    }
}

/// Whether `signal` is one that people and systems end a program with.
pub fn asks_to_end(signal: Signal) -> bool {
    !matches!(signal, Signal::SIGUSR1 | Signal::SIGUSR2)
}

impl Command {
    fn of(settings: &Settings) -> Self {
        Self {
            line: settings.reporting.command.clone(),
            hidden: if settings.hide_api_key { API_KEY_VARIABLES } else { &[] },
            timeout: settings.limits.timeout,
        }
    }
}

/// How long output is waited for: when the command has ended, and once more when what was held back is printed.
fn drain(settings: &Settings) -> Duration {
    settings.limits.drain_timeout.saturating_mul(2)
}
