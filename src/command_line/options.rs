//! The one table of options, of all programs. What is read, the help and the tests of the README come from it.

/// A program that has a command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `dogwrap`: runs a command and reports it.
    Wrapper,
    /// `dogwrap-report`: reports a command that has been run.
    Reporter,
}

impl Program {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wrapper => "dogwrap",
            Self::Reporter => "dogwrap-report",
        }
    }

    /// The options that it has, in the order of the help.
    pub fn options(self) -> impl Iterator<Item = &'static OptionDefinition> {
        OPTIONS.iter().filter(move |option| option.programs.contains(&self))
    }

    /// Its option with this long name.
    pub fn find(self, long: &str) -> Option<&'static OptionDefinition> {
        self.options().find(|option| option.long == long)
    }

    /// The other program that has an option with this long name, if this one has none.
    pub fn other_with(self, long: &str) -> Option<Self> {
        let others = [Self::Wrapper, Self::Reporter].into_iter().filter(|program| *program != self);
        others.into_iter().find(|other| self.find(long).is_none() && other.find(long).is_some())
    }
}

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
    /// How a command ended: its exit status, or less than zero for a signal.
    ExitCode,
    /// The number of a signal, or zero for none.
    Signal,
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
        !matches!(self, Self::Flag | Self::Help | Self::Version)
    }
}

/// One option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Which programs have it. An option that two of them word differently stands in the table for each.
    pub programs: &'static [Program],
}

impl OptionDefinition {
    /// The long name with what follows it, as the help and messages show it: `--timeout <SECONDS>`.
    pub fn shown(&self) -> String {
        let Self { long, value_name, .. } = self;
        if value_name.is_empty() { format!("--{long}") } else { format!("--{long} <{value_name}>") }
    }
}

const EVERY_PROGRAM: &[Program] = &[Program::Wrapper, Program::Reporter];

const fn dogwraps(
    long: &'static str,
    short: Option<char>,
    value: Value,
    value_name: &'static str,
    help: &'static str,
    default: &'static str,
) -> OptionDefinition {
    OptionDefinition { long, short, value, value_name, help, default, in_dogwrap: true, programs: EVERY_PROGRAM }
}

const fn added(
    long: &'static str,
    value: Value,
    value_name: &'static str,
    help: &'static str,
    default: &'static str,
) -> OptionDefinition {
    OptionDefinition { long, short: None, value, value_name, help, default, in_dogwrap: false, programs: EVERY_PROGRAM }
}

/// An option for whoever runs the command.
const fn running(option: OptionDefinition) -> OptionDefinition {
    OptionDefinition { programs: &[Program::Wrapper], ..option }
}

/// An option for whoever is told how the command ended.
const fn told(option: OptionDefinition) -> OptionDefinition {
    OptionDefinition { programs: &[Program::Reporter], ..option }
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
    running(added("hide_api_key", Value::Flag, "", "Start the command without DD_API_KEY and DATADOG_API_KEY", "")),
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
    running(dogwraps(
        "timeout",
        Some('t'),
        Value::Seconds,
        "SECONDS",
        "End the command after this long; 0 is never",
        "86400",
    )),
    running(dogwraps(
        "sigterm_timeout",
        None,
        Value::Seconds,
        "SECONDS",
        "After SIGTERM, wait this long before SIGKILL",
        "120",
    )),
    running(dogwraps(
        "sigkill_timeout",
        None,
        Value::Seconds,
        "SECONDS",
        "After SIGKILL, wait this long before giving up",
        "60",
    )),
    running(added(
        "drain_timeout",
        Value::Seconds,
        "SECONDS",
        "After the command's end, wait this long for output of what it left running",
        "2",
    )),
    running(dogwraps(
        "proc_poll_interval",
        None,
        Value::IgnoredNumber,
        "SECONDS",
        "Accepted for old crontabs; the end of a command is seen when it happens",
        "",
    )),
    told(added(
        "exit_code",
        Value::ExitCode,
        "CODE",
        "How the command ended: its exit status, as $? has it; -9 stands for signal 9",
        "",
    )),
    told(added(
        "signal",
        Value::Signal,
        "NUMBER",
        "Signal that ended the command; 0 is none, and --exit_code counts",
        "",
    )),
    told(added("timed_out", Value::Flag, "", "The command was ended since its time was over", "")),
    told(added("duration", Value::Seconds, "SECONDS", "How long the command took", "not known")),
    told(added(
        "started_at",
        Value::Seconds,
        "TIME",
        "When the command started, in seconds since 1970, as date +%s has it; for the duration, up to now",
        "",
    )),
    told(added(
        "stdout",
        Value::Text,
        "FILE",
        "What the command printed to standard output; - is our standard input",
        "",
    )),
    told(added(
        "stderr",
        Value::Text,
        "FILE",
        "What the command printed to standard error; - is our standard input",
        "",
    )),
    told(added("host", Value::Text, "NAME", "Name of the machine that the command ran on", "DD_HOSTNAME, or none")),
    dogwraps("notify_success", None, Value::Text, "TEXT", "Message added to a success event, such as @someone", ""),
    dogwraps("notify_error", None, Value::Text, "TEXT", "Message added to an error event", ""),
    dogwraps("notify_warning", None, Value::Text, "TEXT", "Message added to a warning event", ""),
    running(dogwraps(
        "buffer_outs",
        Some('b'),
        Value::Flag,
        "",
        "Hold the output back until the command has ended: stderr, then stdout",
        "",
    )),
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
    running(added(
        "spool_dir",
        Value::Text,
        "DIR",
        "Directory in which events are kept",
        "$XDG_STATE_HOME/dogwrap; root: /var/lib/dogwrap; others: ~/.local/state/dogwrap",
    )),
    told(added(
        "spool_dir",
        Value::Text,
        "DIR",
        "Directory in which events are kept, which has to be lent: wasmtime run --dir DIR::DIR",
        "where dogwrap keeps them, if that is lent",
    )),
    added("flush", Value::Flag, "", "Run nothing: deliver the events that were kept", ""),
    added("any_key", Value::Flag, "", "With --flush: also those that were kept with another key", ""),
    added("spool", Value::Flag, "", "Run nothing: list the events that were kept", ""),
    running(added(
        "json",
        Value::Flag,
        "",
        "With --spool: as one JSON object a line; with --capabilities: as one object",
        "",
    )),
    told(added("json", Value::Flag, "", "With --spool: as one JSON object a line", "")),
    running(added(
        "component",
        Value::Text,
        "FILE",
        "WebAssembly component with the rules, instead of the built-in one",
        "",
    )),
    running(added("capabilities", Value::Flag, "", "Run nothing: print what the component would be lent", "")),
    dogwraps("version", None, Value::Version, "", "Print the version", ""),
    dogwraps("help", Some('h'), Value::Help, "", "Print this help", ""),
];
