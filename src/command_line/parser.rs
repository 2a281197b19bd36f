//! The parser and the help of a program, made of its options.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command};

use super::ending;
use super::options::{OptionDefinition, Program, Value};
use crate::seconds;

/// The parser of `program`, made of the table.
///
/// `called_by` is the name it was called by, and `width` the columns that its help may take.
pub fn parser(program: Program, called_by: &str, width: usize) -> Command {
    let (about, after_help) = match program {
        Program::Wrapper => (
            "Runs a command, passes its output through, and submits a Datadog event with the result.",
            AFTER_HELP_OF_WRAPPER,
        ),
        Program::Reporter => {
            ("Submits a Datadog event with the result of a command that has been run.", AFTER_HELP_OF_REPORTER)
        }
    };
    let operands = match program {
        Program::Wrapper => "COMMAND...",
        Program::Reporter => "[COMMAND...]",
    };
    Command::new(program.name())
        .bin_name(called_by)
        .version(env!("CARGO_PKG_VERSION"))
        .about(about)
        .override_usage(format!("{called_by} [OPTIONS] [--] {operands}"))
        .after_help(after_help)
        .term_width(width)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args_override_self(true)
        .args(program.options().map(argument))
}

const AFTER_HELP_OF_WRAPPER: &str = "\
The words of COMMAND are joined with blanks and run by /bin/sh -c. Put -- before a command that has options of its own.

Ends with the command's own status; 128+S when signal S ended it, 124 after a timeout, 127 or 126 when it could not be \
started, 2 when called wrongly.";

const AFTER_HELP_OF_REPORTER: &str = "\
COMMAND is what was run, as the event is to show it. Put -- before a command that has options of its own. How it ended \
has to be said: by --exit_code, --signal or --timed_out.

Ends with 0 when the event was delivered or kept, or when there was none to submit; 1 when it could be neither delivered \
nor kept; 2 when called wrongly.";

fn argument(option: &OptionDefinition) -> Arg {
    let mut help = option.help.to_owned();
    if !option.default.is_empty() {
        help.push_str(&format!(" [default: {}]", option.default));
    }
    let mut argument = Arg::new(option.long).long(option.long).help(help);
    if let Some(short) = option.short {
        argument = argument.short(short);
    }
    if option.value.is_expected() {
        argument = argument.value_name(option.value_name).action(ArgAction::Set);
    }
    match option.value {
        Value::Flag => argument.action(ArgAction::SetTrue),
        Value::Help => argument.action(ArgAction::Help),
        Value::Version => argument.action(ArgAction::Version),
        Value::Text => argument,
        Value::Choice(choices) => argument.value_parser(PossibleValuesParser::new(choices)),
        Value::Seconds => argument.value_parser(seconds::parse),
        Value::ExitCode => argument.allow_hyphen_values(true).value_parser(ending::exit_code),
        Value::Signal => argument.value_parser(ending::signal),
        Value::IgnoredNumber => argument.value_parser(ignored_number),
    }
}

fn ignored_number(spelling: &str) -> Result<(), &'static str> {
    spelling.trim().parse::<f64>().map(|_| ()).map_err(|_| "not a number")
}
