//! The command line: from arguments and environment to [`Settings`], or to what is wrong with them.
//!
//! Everything that can be found wrong is found here, before anything runs.

pub mod options;
mod resolve;
pub mod spelling;

use clap::error::ErrorKind;

use crate::listing::printable;
use crate::settings::{Delivery, Settings};
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
    /// Deliver what was kept.
    Flush {
        delivery: Delivery,
        /// Also what was kept with another key.
        any_key: bool,
        /// What is odd about the invocation: for stderr, one line each.
        warnings: Vec<String>,
    },
    /// List what was kept, for people or as JSON lines.
    Spool { json: bool },
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

/// Reads the arguments of `program`, those after its name.
pub fn parse(program: &str, arguments: &[Vec<u8>], surroundings: Surroundings<'_>) -> Result<Invocation, UsageError> {
    let spelled = spell(arguments);
    let words = std::iter::once(program).chain(spelled.options.iter().map(String::as_str));
    match options::parser(program, help_width(surroundings)).try_get_matches_from(words) {
        Ok(_) => {
            let invocation = interpret(program, &spelled, surroundings)?;
            if spelled.has_flag("capabilities") {
                return Err(UsageError::new(
                    "--capabilities is for a host to answer, and this one does not",
                    "see --help",
                ));
            }
            Ok(invocation)
        }
        Err(error) => answer(program, &error),
    }
}

/// What `spelled` asks for, be it valid or not as far as the parser of [`parse`] is concerned: that is the one with words
/// for what is wrong with an option, and with the help. For a host, which has to know what to lend.
pub fn interpret(program: &str, spelled: &Spelled, surroundings: Surroundings<'_>) -> Result<Invocation, UsageError> {
    if let Some(refused) = &spelled.refused {
        return Err(refusal(program, refused, spelled));
    }
    if spelled.has_flag("spool") {
        return Ok(Invocation::Spool { json: spelled.has_flag("json") });
    }
    if spelled.has_flag("json") && !spelled.has_flag("capabilities") {
        return Err(UsageError::new("--json is for --spool and --capabilities", "see --help"));
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
    resolve::settings(spelled, surroundings).map(|settings| Invocation::Run(Box::new(settings)))
}

/// How wide the help may be: as wide as `COLUMNS` says, or else as a terminal usually is.
fn help_width(surroundings: Surroundings<'_>) -> usize {
    (surroundings.variable)("COLUMNS").and_then(|columns| columns.parse().ok()).unwrap_or(80)
}

/// What to do with what the parser did not take for an invocation.
fn answer(program: &str, error: &clap::Error) -> Result<Invocation, UsageError> {
    let rendered = error.render().to_string();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return Ok(Invocation::Print(rendered));
    }
    let paragraph = rendered.split("\n\n").next().unwrap_or_default();
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    Err(UsageError::new(line.trim_start_matches("error: "), see_help(program)))
}

/// What to say of a word that looks like an option and is none.
fn refusal(program: &str, refused: &Refused, spelled: &Spelled) -> UsageError {
    match refused {
        Refused::Unknown(option) => {
            let hint = match spelled.command.as_slice() {
                [] => see_help(program),
                _ => format!("if '{option}' belongs to the command, put -- before the command"),
            };
            UsageError::new(format!("unexpected argument '{option}' found"), hint)
        }
        Refused::Ambiguous { abbreviation, candidates } => {
            let candidates: Vec<_> = candidates.iter().map(|long| format!("--{long}")).collect();
            UsageError::new(
                format!("ambiguous option '{abbreviation}': it could be {}", candidates.join(", ")),
                "write more of its name",
            )
        }
    }
}

fn see_help(program: &str) -> String {
    format!("see '{program} --help'")
}
