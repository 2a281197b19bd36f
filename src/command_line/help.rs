//! What a program says of itself: its help, made of its options, and its version.

use super::options::{OptionDefinition, Program, Value};

/// Where what is said of an option begins when it stands below it, in columns.
const BELOW: usize = 10;
/// What separates an option from what is said of it beside it, in columns.
const GAP: usize = 2;

/// The help of `program`, which was called by the name `called_by`, in lines of at most `width` columns. Zero is no
/// limit. A word that is longer stands in a line of its own.
pub fn help(program: Program, called_by: &str, width: usize) -> String {
    let width = if width == 0 { usize::MAX } else { width };
    let (about, operands, end) = match program {
        Program::Wrapper => (ABOUT_WRAPPER, "COMMAND...", END_OF_WRAPPER),
        Program::Reporter => (ABOUT_REPORTER, "[COMMAND...]", END_OF_REPORTER),
    };
    let mut help = wrapped(about, 0, width);
    help.push_str(&format!("\n\nUsage: {called_by} [OPTIONS] [--] {operands}\n\nOptions:\n"));
    let beside = program.options().map(|option| spelled(option).len()).max().unwrap_or_default() + GAP;
    for option in program.options() {
        let spelled = spelled(option);
        // What is said of the options gets the greater part of the width, or lines of its own.
        let (start, indentation) = if beside <= width / 5 * 2 {
            (format!("{spelled:beside$}"), beside)
        } else {
            (format!("{spelled}\n{:BELOW$}", ""), BELOW)
        };
        help.push_str(&format!("{start}{}\n", wrapped(&description(option), indentation, width)));
    }
    for paragraph in end {
        help.push_str(&format!("\n{}\n", wrapped(paragraph, 0, width)));
    }
    help
}

/// The name and the version of `program`.
pub fn version(program: Program) -> String {
    format!("{} {}\n", program.name(), env!("CARGO_PKG_VERSION"))
}

const ABOUT_WRAPPER: &str = "Runs a command, passes its output through, and submits a Datadog event with the result.";
const ABOUT_REPORTER: &str = "Submits a Datadog event with the result of a command that has been run.";

const END_OF_WRAPPER: [&str; 2] = [
    "The words of COMMAND are joined with blanks and run by /bin/sh -c. Put -- before a command that has options of its \
     own.",
    "Ends with the command's own status; 128+S when signal S ended it, 124 after a timeout, 127 or 126 when it could \
     not be started, 2 when called wrongly.",
];

const END_OF_REPORTER: [&str; 2] = [
    "COMMAND is what was run, as the event is to show it. Put -- before a command that has options of its own. How it \
     ended has to be said: by --exit_code, --signal or --timed_out.",
    "Ends with 0 when the event was delivered or kept, or when there was none to submit; 1 when it could be neither \
     delivered nor kept; 2 when called wrongly.",
];

/// How an option is given, as it begins a line.
fn spelled(option: &OptionDefinition) -> String {
    match option.short {
        Some(short) => format!("  -{short}, {}", option.shown()),
        None => format!("      {}", option.shown()),
    }
}

/// What there is to say of an option.
fn description(option: &OptionDefinition) -> String {
    let mut description = option.help.to_owned();
    if !option.default.is_empty() {
        description.push_str(&format!(" [default: {}]", option.default));
    }
    if let Value::Choice(words) = option.value {
        description.push_str(&format!(" [possible values: {}]", words.join(", ")));
    }
    description
}

/// Breaks `text` into lines that end before column `width` and begin at `indentation`. The first line begins there
/// already, and the last does not end.
fn wrapped(text: &str, indentation: usize, width: usize) -> String {
    let mut lines = String::new();
    let mut column = indentation;
    for word in text.split(' ') {
        if column == indentation {
            column += word.len();
        } else if column + 1 + word.len() <= width {
            lines.push(' ');
            column += 1 + word.len();
        } else {
            lines.push_str(&format!("\n{:indentation$}", ""));
            column = indentation + word.len();
        }
        lines.push_str(word);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTHS: [usize; 6] = [1, 20, 60, 80, 100, 200];

    #[test]
    fn no_line_is_wider_than_asked_for() {
        for program in [Program::Wrapper, Program::Reporter] {
            for width in WIDTHS {
                let help = help(program, "dogwrap", width);
                let lines = help.lines().filter(|line| !line.starts_with("Usage:"));
                for line in lines.filter(|line| line.trim().contains(' ') && !line.trim_start().starts_with('-')) {
                    assert!(line.len() <= width, "{width}: {line:?}");
                }
                assert!(help.lines().all(|line| line == line.trim_end()), "{help}");
            }
        }
    }

    #[test]
    fn the_width_changes_nothing_but_the_lines() {
        let words = |width| {
            let help = help(Program::Wrapper, "dogwrap", width);
            help.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        for width in WIDTHS {
            assert_eq!(words(width), words(0), "{width}");
        }
    }

    #[test]
    fn options_are_explained_beside_them_where_there_is_room() {
        let line = |width| {
            help(Program::Wrapper, "dogwrap", width).lines().find(|line| line.contains("--json")).map(str::to_owned)
        };
        assert_eq!(line(80).as_deref(), Some("      --json"));
        assert!(line(100).is_some_and(|line| line.contains("as one JSON object")), "{:?}", line(100));
        assert!(line(0).is_some_and(|line| line.ends_with("as one object")), "{:?}", line(0));
    }
}
