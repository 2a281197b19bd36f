//! The one table of options. The parser, the help and the tests of the README come from it.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command};

use crate::seconds;

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing: its presence says it all.
    Flag,
    /// Any text.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Seconds, with a fraction if need be.
    Seconds,
    /// A number that means nothing any more.
    IgnoredNumber,
    /// Nothing: it prints the help and ends.
    Help,
    /// Nothing: it prints the version and ends.
    Version,
}

impl Value {
    /// Whether the option is followed by a value.
    pub fn is_expected(self) -> bool {
        matches!(self, Self::Text | Self::Choice(_) | Self::Seconds | Self::IgnoredNumber)
    }
}

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct OptionDefinition {
    /// The long name, with underscores as dogwrap spells it. Hyphens are accepted, too.
    pub long: &'static str,
    pub short: Option<char>,
    pub value: Value,
    /// What the value is called in the help; empty for a flag.
    pub value_name: &'static str,
    /// What the option does. One sentence without a full stop.
    pub help: &'static str,
    /// What holds without the option, for the help; empty where there is nothing to say.
    pub default: &'static str,
    /// Whether dogwrap has it. Only these may be abbreviated: so every abbreviation keeps the meaning it had, whatever
    /// is added.
    pub in_dogwrap: bool,
}

const fn dogwraps(
    long: &'static str,
    short: Option<char>,
    value: Value,
    value_name: &'static str,
    help: &'static str,
    default: &'static str,
) -> OptionDefinition {
    OptionDefinition { long, short, value, value_name, help, default, in_dogwrap: true }
}

const fn added(
    long: &'static str,
    value: Value,
    value_name: &'static str,
    help: &'static str,
    default: &'static str,
) -> OptionDefinition {
    OptionDefinition { long, short: None, value, value_name, help, default, in_dogwrap: false }
}

/// All options, in the order of the help.
pub const OPTIONS: &[OptionDefinition] = &[
    dogwraps(
        "name",
        Some('n'),
        Value::Text,
        "NAME",
        "Name of the job, in the event's title and as its aggregation key",
        "the command's first word",
    ),
    dogwraps("api_key", Some('k'), Value::Text, "KEY", "Datadog API key", "DD_API_KEY, then DATADOG_API_KEY"),
    added("api_key_file", Value::Text, "FILE", "File that holds the API key", ""),
    added("hide_api_key", Value::Flag, "", "Start the command without DD_API_KEY and DATADOG_API_KEY", ""),
    dogwraps(
        "site",
        Some('s'),
        Value::Text,
        "SITE",
        "Datadog site, by short name or domain, or the URL of an API",
        "DD_SITE, or us1",
    ),
    dogwraps(
        "submit_mode",
        Some('m'),
        Value::Choice(&["errors", "warnings", "all"]),
        "MODE",
        "Which runs are submitted: failures, failures of which some are expected, or all",
        "errors",
    ),
    dogwraps(
        "warning_codes",
        None,
        Value::Text,
        "CODES",
        "Exit codes that are a warning, separated by commas; -9 stands for signal 9",
        "",
    ),
    dogwraps(
        "priority",
        Some('p'),
        Value::Choice(&["normal", "low"]),
        "PRIORITY",
        "Priority of the event",
        "low for a success, otherwise normal",
    ),
    dogwraps("timeout", Some('t'), Value::Seconds, "SECONDS", "End the command after this long; 0 is never", "86400"),
    dogwraps("sigterm_timeout", None, Value::Seconds, "SECONDS", "After SIGTERM, wait this long before SIGKILL", "120"),
    dogwraps(
        "sigkill_timeout",
        None,
        Value::Seconds,
        "SECONDS",
        "After SIGKILL, wait this long before giving up",
        "60",
    ),
    added(
        "drain_timeout",
        Value::Seconds,
        "SECONDS",
        "After the command's end, wait this long for output of what it left running",
        "2",
    ),
    dogwraps(
        "proc_poll_interval",
        None,
        Value::IgnoredNumber,
        "SECONDS",
        "Accepted for old crontabs; the end of a command is seen when it happens",
        "",
    ),
    dogwraps("notify_success", None, Value::Text, "TEXT", "Message added to a success event, such as @someone", ""),
    dogwraps("notify_error", None, Value::Text, "TEXT", "Message added to an error event", ""),
    dogwraps("notify_warning", None, Value::Text, "TEXT", "Message added to a warning event", ""),
    dogwraps(
        "buffer_outs",
        Some('b'),
        Value::Flag,
        "",
        "Hold the output back until the command has ended: stderr, then stdout",
        "",
    ),
    dogwraps("send_metric", None, Value::Flag, "", "Submit the metric dogwrap.duration along with an event", ""),
    dogwraps("tags", None, Value::Text, "TAGS", "Tags of the event and the metric, separated by commas", ""),
    added(
        "delivery_timeout",
        Value::Seconds,
        "SECONDS",
        "Try to deliver an event for this long, then keep it; 0 keeps it at once",
        "10",
    ),
    added("no_spool", Value::Flag, "", "Keep nothing on the disk: what cannot be delivered is lost", ""),
    added(
        "spool_dir",
        Value::Text,
        "DIR",
        "Directory in which events are kept",
        "$XDG_STATE_HOME/dogwrap; root: /var/lib/dogwrap; others: ~/.local/state/dogwrap",
    ),
    added("flush", Value::Flag, "", "Run nothing: deliver the events that were kept", ""),
    added("any_key", Value::Flag, "", "With --flush: also those that were kept with another key", ""),
    added("spool", Value::Flag, "", "Run nothing: list the events that were kept", ""),
    added("json", Value::Flag, "", "With --spool: as one JSON object a line; with --capabilities: as one object", ""),
    added("component", Value::Text, "FILE", "WebAssembly component with the rules, instead of the built-in one", ""),
    added("capabilities", Value::Flag, "", "Run nothing: print what the component would be lent", ""),
    dogwraps("version", None, Value::Version, "", "Print the version", ""),
    dogwraps("help", Some('h'), Value::Help, "", "Print this help", ""),
];

/// The option with this long name.
pub fn find(long: &str) -> Option<&'static OptionDefinition> {
    OPTIONS.iter().find(|option| option.long == long)
}

/// The parser made of the table.
///
/// `program` is the name it was called by, and `width` the columns that its help may take.
pub fn parser(program: &str, width: usize) -> Command {
    Command::new("dogwrap")
        .bin_name(program)
        .version(env!("CARGO_PKG_VERSION"))
        .about("Runs a command, passes its output through, and submits a Datadog event with the result.")
        .override_usage(format!("{program} [OPTIONS] [--] COMMAND..."))
        .after_help(AFTER_HELP)
        .term_width(width)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args_override_self(true)
        .args(OPTIONS.iter().map(argument))
}

const AFTER_HELP: &str = "\
The words of COMMAND are joined with blanks and run by /bin/sh -c. Put -- before a command that has options of its own.

Ends with the command's own status; 128+S when signal S ended it, 124 after a timeout, 127 or 126 when it could not be \
started, 2 when called wrongly.";

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
        Value::IgnoredNumber => argument.value_parser(ignored_number),
    }
}

fn ignored_number(spelling: &str) -> Result<(), &'static str> {
    spelling.trim().parse::<f64>().map(|_| ()).map_err(|_| "not a number")
}
