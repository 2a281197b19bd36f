//! The command line: from arguments and environment to [`Settings`], or to what is wrong with them.
//!
//! Everything that can be found wrong is found here, before anything runs.

mod check;
mod ending;
mod help;
pub mod options;
mod report;
mod resolve;
pub mod spelling;

use crate::listing::printable;
use crate::settings::{Delivery, Settings};
use options::{Program, Value};
pub use report::{Output, Told};
use spelling::{Refused, Spelled, spell};

/// What an invocation is made of besides its arguments.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Reads a variable of the environment, if it is set.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Reads the file that an argument names as the one with the API key, if one does. The error says why it cannot.
    pub key_file: &'a dyn Fn() -> Option<Result<Vec<u8>, String>>,
}

/// What an invocation asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invocation {
    /// Run a command and report it.
    Run(Box<Settings>),
    /// Report a command that has been run.
    Report(Box<Told>),
    /// Deliver what was kept.
    Flush {
        delivery: Delivery,
        /// Also what was kept with another key.
        any_key: bool,
        /// What is odd about the invocation: for stderr, one line each.
        warnings: Vec<String>,
    },
    /// List what was kept.
    Spool {
        /// The state directory that an option names.
        directory: Option<String>,
        /// As JSON lines, and not for people.
        json: bool,
    },
    /// Print this text and end: the help, or the version.
    Print(String),
}

/// An invocation that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageError {
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it, in one line.
    pub hint: String,
}

impl UsageError {
    /// The status of a program that was called wrongly.
    pub const EXIT_STATUS: u8 = 2;

    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        // Both may show words of the command line, which may hold anything.
        Self { message: printable(&message.into()), hint: printable(&hint.into()) }
    }

    /// An option whose value does not do.
    fn invalid(option: &str, value: &str, reason: &str) -> Self {
        Self::new(format!("invalid value '{value}' for '{option}': {reason}"), "see --help")
    }
}

/// Reads the arguments of `program`, those after the name that it was called by.
pub fn parse(
    program: Program,
    called_by: &str,
    arguments: &[Vec<u8>],
    surroundings: Surroundings<'_>,
) -> Result<Invocation, UsageError> {
    let spelled = spell(program, arguments);
    for given in &spelled.options {
        check::value(given).map_err(|message| UsageError::new(message, see_help(called_by)))?;
        match given.option.value {
            Value::Help => return Ok(Invocation::Print(help::help(program, called_by, help_width(surroundings)))),
            Value::Version => return Ok(Invocation::Print(help::version(program))),
            _ => {}
        }
    }
    let invocation = interpret(called_by, &spelled, surroundings)?;
    if spelled.has_flag("capabilities") {
        return Err(UsageError::new("--capabilities is for a host to answer, and this one does not", "see --help"));
    }
    Ok(invocation)
}

/// What `spelled` asks for, whether or not each option was given what it takes: [`parse`] is the one that says so, and
/// has the help. For a host, which has to know what to lend.
pub fn interpret(called_by: &str, spelled: &Spelled, surroundings: Surroundings<'_>) -> Result<Invocation, UsageError> {
    if let Some(refused) = &spelled.refused {
        return Err(refusal(called_by, refused, spelled));
    }
    if spelled.has_flag("spool") {
        let directory = spelled.text("spool_dir").map(str::to_owned);
        return Ok(Invocation::Spool { directory, json: spelled.has_flag("json") });
    }
    if spelled.has_flag("json") && !spelled.has_flag("capabilities") {
        let message = match spelled.program {
            Program::Wrapper => "--json is for --spool and --capabilities",
            Program::Reporter => "--json is for --spool",
        };
        return Err(UsageError::new(message, "see --help"));
    }
    if spelled.has_flag("flush") {
        let (delivery, warnings) = resolve::delivery(spelled, surroundings)?;
        if delivery.timeout.is_zero() {
            return Err(UsageError::new("--flush has no time to deliver anything", "leave out --delivery_timeout 0"));
        }
        return Ok(Invocation::Flush { delivery, any_key: spelled.has_flag("any_key"), warnings });
    }
    if spelled.has_flag("any_key") {
        return Err(UsageError::new("--any_key is for --flush", "see --help"));
    }
    match spelled.program {
        Program::Wrapper => {
            resolve::settings(spelled, surroundings).map(|settings| Invocation::Run(Box::new(settings)))
        }
        Program::Reporter => report::told(spelled, surroundings).map(|told| Invocation::Report(Box::new(told))),
    }
}

/// How wide the help may be: as wide as `COLUMNS` says, or else as a terminal usually is.
fn help_width(surroundings: Surroundings<'_>) -> usize {
    (surroundings.variable)("COLUMNS").and_then(|columns| columns.parse().ok()).unwrap_or(80)
}

/// What to say of a word that looks like an option and is none.
fn refusal(called_by: &str, refused: &Refused, spelled: &Spelled) -> UsageError {
    match refused {
        Refused::Unknown(option) => {
            let long = option.trim_start_matches('-').replace('-', "_");
            let hint = match (spelled.command.as_slice(), spelled.program.other_with(&long)) {
                ([], None) => see_help(called_by),
                ([], Some(other)) => format!("it is an option of {}; {}", other.name(), see_help(called_by)),
                _ => format!("if '{option}' belongs to the command, put -- before the command"),
            };
            UsageError::new(format!("unexpected argument '{option}' found"), hint)
        }
        Refused::Ambiguous { abbreviation, candidates } => UsageError::new(
            format!("ambiguous option '{abbreviation}': it could be {}", candidates.join(", ")),
            "write more of its name",
        ),
    }
}

fn see_help(called_by: &str) -> String {
    format!("see '{called_by} --help'")
}
