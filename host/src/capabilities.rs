//! `--capabilities`: what the component would be lent, by the very policy that lends it.

use std::io::{self, ErrorKind, Write};
use std::time::Duration;

use dogwrap::command_line;
use dogwrap::listing::printable;
use serde_json::{Value, json};

use crate::invocation::Invocation;
use crate::policy::{Addresses, Policy, SHELL, environment, limits};
use crate::state::StateDirectory;
use crate::{machine, words};

/// How much further in the members of something stand.
const INDENT: usize = 2;

/// Answers `--capabilities`, if that is asked for and the invocation makes sense otherwise, be it without a command. What
/// does not is for the component to explain.
pub fn answer(invocation: &Invocation, policy: &Policy) -> Option<u8> {
    if !invocation.asks_for_capabilities() {
        return None;
    }
    let asked_for = |invocation: &Invocation| invocation.asked_for(&|name| std::env::var(name).ok(), &|| None);
    match asked_for(invocation) {
        Ok(command_line::Invocation::Print(_)) => return None,
        Err(_) if asked_for(&invocation.with_a_command()).is_err() => return None,
        _ => {}
    }
    let variables: Vec<_> = environment::lent().into_iter().map(|(name, _)| name).collect();
    let capabilities = capabilities(invocation, policy, &variables);
    let text = if invocation.asks_for_json() { format!("{capabilities}\n") } else { outline(&capabilities, 0) };
    Some(match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => 0,
        // Who has read enough is no error.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => 0,
        Err(error) => {
            let _ = writeln!(io::stderr(), "dogwrap: cannot write to standard output: {}", words::of(&error));
            1
        }
    })
}

/// Everything that is lent, of the environment the `variables` of these names. No value of one is shown, and no key.
///
/// What a number counts is the last word of its name.
fn capabilities(invocation: &Invocation, policy: &Policy, variables: &[String]) -> Value {
    let command = policy.command.as_ref().map(|command| {
        json!({
            "program": String::from_utf8_lossy(SHELL),
            "arguments": ["-c", String::from_utf8_lossy(&command.line)],
            "without_variables": command.hidden,
            "timeout_seconds": command.timeout.map(seconds),
            "number": limits::COMMANDS,
        })
    });
    let recipients_at = |addresses: Addresses| {
        let recipients = policy.recipients.iter().filter(move |recipient| recipient.addresses == addresses);
        recipients.map(|recipient| recipient.origin.to_string()).collect::<Vec<_>>()
    };
    json!({
        "component": invocation.component().map_or_else(|| "built in".to_owned(), |file| file.display().to_string()),
        "arguments": "all",
        "environment": variables,
        "files": {
            "directory_to_read_and_write": StateDirectory::location(invocation).ok().map(|path| path.display().to_string()),
            "key_file_to_read": invocation.key_file().map(|path| path.display().to_string()),
            "to_learn_the_name_of_the_machine": [machine::DATADOG_CONF, machine::DATADOG_YAML],
        },
        "command": command,
        "requests": {
            "method": "POST",
            "to_public_addresses": recipients_at(Addresses::Public),
            "to_public_and_private_addresses": recipients_at(Addresses::AlsoPrivate),
            "number": limits::REQUESTS,
            "each_seconds": seconds(limits::EXCHANGE_TIME),
            "body_bytes": limits::REQUEST,
            "answer_bytes": limits::ANSWER,
        },
        "limits": {
            "memory_bytes": limits::MEMORY,
            "computing_seconds": seconds(limits::COMPUTING_TIME),
            "handles": limits::HANDLES,
            "own_words_bytes": policy.own_words,
            "to_finish_seconds": seconds(policy.time_to_finish),
        },
    })
}

/// Whole seconds as people write them.
fn seconds(duration: Duration) -> Value {
    if duration.subsec_nanos() == 0 { duration.as_secs().into() } else { duration.as_secs_f64().into() }
}

/// `value` as lines for people, as far in as `depth` says.
fn outline(value: &Value, depth: usize) -> String {
    let indent = " ".repeat(depth * INDENT);
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| indent.clone() + &member(name, value, depth)).collect()
        }
        Value::Array(values) => values.iter().map(|value| outline(value, depth)).collect(),
        Value::String(text) => text.lines().map(|line| format!("{indent}{}\n", printable(line))).collect(),
        other => format!("{indent}{other}\n"),
    }
}

/// What is called `name`, with what it counts behind its number.
fn member(name: &str, value: &Value, depth: usize) -> String {
    let (name, unit) = match name.rsplit_once('_') {
        Some((name, unit @ ("seconds" | "bytes"))) => (name.replace('_', " "), unit),
        _ => (name.replace('_', " "), ""),
    };
    match value {
        Value::Number(number) if unit == "bytes" => format!("{name}: {}\n", size(number.as_u64().unwrap_or_default())),
        Value::Null => format!("{name}: none\n"),
        Value::Array(values) if values.is_empty() => format!("{name}: none\n"),
        Value::Array(_) | Value::Object(_) => format!("{name}:\n{}", outline(value, depth + 1)),
        _ => printable(format!("{name}: {} {unit}", outline(value, 0).trim_end()).trim_end()) + "\n",
    }
}

/// So many bytes, in the largest unit that counts them exactly.
fn size(bytes: u64) -> String {
    match bytes {
        1.. if bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        1.. if bytes.is_multiple_of(1 << 10) => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is lent for `line`, with a key in the environment.
    fn lent(line: &[&str]) -> Value {
        let arguments = ["dogwrap"].iter().chain(line).map(|word| word.as_bytes().to_vec()).collect();
        let invocation = Invocation::new(arguments);
        let policy = Policy::new(&invocation, |name| (name == "DD_API_KEY").then(|| "secret".to_owned()));
        capabilities(&invocation, &policy, &["DD_API_KEY".to_owned()])
    }

    #[test]
    fn names_are_shown_and_secrets_are_not() {
        let site = "https://user:secret@gateway/base";
        let lent = lent(&["-k", "secret", "-s", site, "--api_key_file", "/key", "--hide_api_key", "true"]);
        assert_eq!(lent["environment"], json!(["DD_API_KEY"]));
        assert_eq!(lent["files"]["key_file_to_read"], json!("/key"));
        assert_eq!(lent["command"]["without_variables"], json!(["DD_API_KEY", "DATADOG_API_KEY"]));
        for text in [lent.to_string(), outline(&lent, 0)] {
            assert!(text.contains("DD_API_KEY") && !text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn the_outline_has_every_fact_in_a_line() {
        let value = json!({
            "some_list": ["one", "two\nlines"],
            "some_object": { "none": null, "nothing": [], "of_time_seconds": 0.5, "some_bytes": 7, "yes": true },
            "text": "seven words",
        });
        let expected = "some list:\n  one\n  two\n  lines\n\
            some object:\n  none: none\n  nothing: none\n  of time: 0.5 seconds\n  some: 7 bytes\n  yes: true\n\
            text: seven words\n";
        assert_eq!(outline(&value, 0), expected);
    }

    #[test]
    fn bytes_are_shown_in_the_largest_unit_that_is_exact() {
        let sizes = [0, 1, 1023, 1024, 1025, 64 * 1024, 1 << 20, (1 << 20) + 1024, 64 << 20].map(size);
        let expected =
            ["0 bytes", "1 bytes", "1023 bytes", "1 KiB", "1025 bytes", "64 KiB", "1 MiB", "1025 KiB", "64 MiB"];
        assert_eq!(sizes, expected);
    }

    #[test]
    fn whole_seconds_have_no_fraction() {
        assert_eq!(lent(&["-t", "86400", "true"])["command"]["timeout_seconds"], json!(86400));
        assert_eq!(lent(&["-t", "0.5", "true"])["command"]["timeout_seconds"], json!(0.5));
        assert_eq!(lent(&["-t", "0", "true"])["command"]["timeout_seconds"], json!(null));
        assert_eq!(lent(&["--flush"])["command"], json!(null));
    }
}
