//! Whether an option was given what it takes, and what to say when it was not.

use super::ending;
use super::options::Value;
use super::spelling::Given;
use crate::seconds;

/// Checks the value of one option. The error is a message of one line.
pub fn value(given: &Given) -> Result<(), String> {
    let shown = || given.option.shown();
    match &given.value {
        None if given.option.value.is_expected() => {
            Err(format!("a value is required for '{}' but none was supplied", shown()))
        }
        Some(value) if !given.option.value.is_expected() => {
            Err(format!("unexpected value '{value}' for '{}': it takes none", shown()))
        }
        None => Ok(()),
        Some(value) => reason_against(given.option.value, value)
            .map_or(Ok(()), |reason| Err(format!("invalid value '{value}' for '{}': {reason}", shown()))),
    }
}

/// Why an option that takes `kind` does not take `value`; none if it does.
fn reason_against(kind: Value, value: &str) -> Option<String> {
    let reason = match kind {
        Value::Choice(words) if words.contains(&value) => return None,
        Value::Choice(words) => return Some(format!("it is one of {}", words.join(", "))),
        Value::Seconds => seconds::parse(value).err(),
        Value::ExitCode => ending::exit_code(value).err(),
        Value::Signal => ending::signal(value).err(),
        Value::IgnoredNumber => (!is_number(value)).then_some("not a number"),
        Value::Text | Value::Flag | Value::Help | Value::Version => None,
    };
    reason.map(str::to_owned)
}

/// Whether `spelling` is a number, such as `1`, `-.5`, `1e3` or `inf`. Which one does not matter.
fn is_number(spelling: &str) -> bool {
    let number = spelling.trim().to_ascii_lowercase();
    let number = unsigned(&number);
    let (decimal, exponent) = number.split_once('e').unwrap_or((number, "0"));
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let is_decimal = is_digits(&[whole, fraction].concat()) && is_digits(unsigned(exponent));
    is_decimal || ["inf", "infinity", "nan"].contains(&number)
}

/// A number without the sign in front of it.
fn unsigned(number: &str) -> &str {
    number.strip_prefix(['+', '-']).unwrap_or(number)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_line::options::Program;
    use crate::command_line::spelling::spell;

    /// What is said of the first option of `line`.
    fn said(line: &[&str]) -> Option<String> {
        let words: Vec<_> = line.iter().map(|word| word.as_bytes().to_vec()).collect();
        let spelled = spell(Program::Wrapper, &words);
        value(spelled.options.first().expect("an option")).err()
    }

    #[test]
    fn an_option_is_given_what_it_takes() {
        for line in [&["-b"][..], &["-n", ""], &["-m", "all"], &["-t", "1.5"], &["--proc_poll_interval", "0.5"]] {
            assert_eq!(said(line), None, "{line:?}");
        }
        for (line, message) in [
            (&["-n"][..], "a value is required for '--name <NAME>' but none was supplied"),
            (&["--flush=1"], "unexpected value '1' for '--flush': it takes none"),
            (&["--help="], "unexpected value '' for '--help': it takes none"),
            (&["-m", "ALL"], "invalid value 'ALL' for '--submit_mode <MODE>': it is one of errors, warnings, all"),
            (&["-m", ""], "invalid value '' for '--submit_mode <MODE>': it is one of errors, warnings, all"),
            (&["-t", "-1"], "invalid value '-1' for '--timeout <SECONDS>': seconds are not negative"),
            (&["--proc_poll_interval", "x"], "invalid value 'x' for '--proc_poll_interval <SECONDS>': not a number"),
        ] {
            assert_eq!(said(line).as_deref(), Some(message), "{line:?}");
        }
    }

    #[test]
    fn numbers_are_those_that_the_standard_library_reads() {
        let spellings = [
            "1",
            "-1",
            "+1.5",
            ".5",
            "5.",
            "1e3",
            "1.e-3",
            "-.5E+30",
            "inf",
            "-Infinity",
            "NaN",
            "1e999",
            "",
            ".",
            "-",
            "e3",
            ".e3",
            "1e",
            "1e+",
            "1e1.5",
            "0x10",
            "1_000",
            "--1",
            "1 2",
            "infinite",
            "٣",
            "1e3e3",
            "1.2.3",
        ];
        for spelling in spellings {
            assert_eq!(is_number(spelling), spelling.parse::<f64>().is_ok(), "{spelling:?}");
        }
    }
}
