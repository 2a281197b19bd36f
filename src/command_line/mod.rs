//! The command line: from arguments and environment to [`Settings`], or to what is wrong with them.
//!
//! Everything that can be found wrong is found here, before anything runs.

pub mod options;
mod resolve;
mod spelling;

use clap::error::ErrorKind;

use crate::settings::{Destination, Settings};
use spelling::{Ambiguous, Spelled, spell};

/// Reads a variable of the environment, if it is set.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What an invocation asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invocation {
    /// Run a command and report it.
    Run(Box<Settings>),
    /// Deliver what was kept for this destination.
    Flush(Destination),
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
        Self { message: message.into(), hint: hint.into() }
    }

    /// An option whose value does not do.
    fn invalid(option: &str, value: &str, reason: &str) -> Self {
        Self::new(format!("invalid value '{value}' for '{option}': {reason}"), "see --help")
    }
}

/// Reads the arguments of `program`, those after its name.
pub fn parse(program: &str, arguments: &[Vec<u8>], environment: Environment<'_>) -> Result<Invocation, UsageError> {
    let spelled = spell(arguments);
    let words = std::iter::once(program).chain(spelled.options.iter().map(String::as_str));
    let matches = match options::parser(program, help_width(environment)).try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) => return answer(program, &error, &spelled),
    };
    if let Some(ambiguous) = spelled.ambiguous {
        return Err(ambiguity(&ambiguous));
    }
    if matches.get_flag("flush") {
        return Ok(Invocation::Flush(resolve::destination(&matches, environment)?));
    }
    resolve::settings(&matches, spelled.command, environment).map(|settings| Invocation::Run(Box::new(settings)))
}

/// How wide the help may be: as wide as `COLUMNS` says, or else as a terminal usually is.
fn help_width(environment: Environment<'_>) -> usize {
    environment("COLUMNS").and_then(|columns| columns.parse().ok()).unwrap_or(80)
}

/// What to do with what the parser did not take for an invocation.
fn answer(program: &str, error: &clap::Error, spelled: &Spelled) -> Result<Invocation, UsageError> {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return Ok(Invocation::Print(error.render().to_string()));
    }
    let rendered = error.render().to_string();
    let paragraph = rendered.split("\n\n").next().unwrap_or_default();
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let message = line.trim_start_matches("error: ");
    let hint = match (error.kind(), spelled.options.last()) {
        (ErrorKind::UnknownArgument, Some(option)) if !spelled.command.is_empty() => {
            format!("if '{option}' belongs to the command, put -- before the command")
        }
        _ => format!("see '{program} --help'"),
    };
    Err(UsageError::new(message, hint))
}

fn ambiguity(ambiguous: &Ambiguous) -> UsageError {
    let candidates: Vec<_> = ambiguous.candidates.iter().map(|long| format!("--{long}")).collect();
    UsageError::new(
        format!("ambiguous option '{}': it could be {}", ambiguous.abbreviation, candidates.join(", ")),
        "write more of its name",
    )
}
