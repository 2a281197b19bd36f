//! `--capabilities`: what the component would be lent, by the very policy that lends it.

use std::process::ExitCode;

use dogwrap::command_line;
use serde_json::{Value, json};

use crate::invocation::Invocation;
use crate::machine;
use crate::policy::{Addresses, Policy, SHELL, environment, limits};
use crate::state::StateDirectory;

/// How wide the names are that stand before values.
const WIDTH: usize = 28;

/// Answers `--capabilities`, if that is asked for and the invocation makes sense otherwise. What does not is for the
/// component to explain.
pub fn answer(invocation: &Invocation, policy: &Policy) -> Option<ExitCode> {
    if !invocation.asks_for_capabilities() {
        return None;
    }
    match invocation.asked_for(&|name| std::env::var(name).ok(), &|| None) {
        Ok(command_line::Invocation::Print(_)) => return None,
        Err(_) if !invocation.only_lacks_command() => return None,
        _ => {}
    }
    let capabilities = capabilities(invocation, policy);
    if invocation.asks_for_json() {
        println!("{capabilities}");
    } else {
        print!("{}", lines("", &capabilities));
    }
    Some(ExitCode::SUCCESS)
}

/// Everything that is lent. Secrets have their names only.
fn capabilities(invocation: &Invocation, policy: &Policy) -> Value {
    let command = policy.command.as_ref().map(|command| {
        json!({
            "program": String::from_utf8_lossy(SHELL),
            "arguments": ["-c", String::from_utf8_lossy(&command.line)],
            "without_variables": command.hidden,
            "may_be_ended_after_seconds": command.timeout.map(|timeout| timeout.as_secs_f64()),
            "number": limits::COMMANDS,
        })
    });
    let recipient = |addresses: &Addresses| match addresses {
        Addresses::Public => "public",
        Addresses::AlsoPrivate => "public and private",
    };
    let recipients =
        policy.recipients.iter().map(|one| format!("{} at {} addresses", one.origin, recipient(&one.addresses)));
    json!({
        "component": invocation.component().map_or_else(|| "built in".to_owned(), |file| file.display().to_string()),
        "arguments": "all",
        "environment": environment::lent().into_iter().map(|(name, _)| name).collect::<Vec<_>>(),
        "files": {
            "directory_to_read_and_write": StateDirectory::location(invocation).ok().map(|path| path.display().to_string()),
            "key_file_to_read": invocation.key_file().map(|path| path.display().to_string()),
            "to_learn_the_name_of_the_machine": [machine::DATADOG_CONF, machine::DATADOG_YAML],
        },
        "command": command,
        "requests": {
            "method": "POST",
            "to": recipients.collect::<Vec<_>>(),
            "number": limits::REQUESTS,
            "seconds_each": limits::EXCHANGE_TIME.as_secs(),
            "body_bytes": limits::REQUEST,
            "answer_bytes": limits::ANSWER,
        },
        "limits": {
            "memory_bytes": limits::MEMORY,
            "computing_seconds": limits::COMPUTING_TIME.as_secs(),
            "handles": limits::HANDLES,
            "own_words_bytes": policy.own_words,
            "seconds_to_finish": policy.time_to_finish.as_secs(),
        },
    })
}

/// `value` as lines for people, each with the `name` it has.
fn lines(name: &str, value: &Value) -> String {
    let line = |text: &str| format!("{name:WIDTH$} {}\n", dogwrap::listing::printable(text));
    match value {
        Value::Null => line("none"),
        Value::String(text) => line(text),
        Value::Array(values) if values.is_empty() => line("none"),
        Value::Array(values) => values.iter().map(|value| lines(name, value)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(member, value)| {
                let words = member.replace('_', " ");
                lines(&if name.is_empty() { words } else { format!("{name}: {words}") }, value)
            })
            .collect(),
        other => line(&other.to_string()),
    }
}
