//! The README says of options and sites what the program's own tables say.

use dogwrap::command_line::options::{OPTIONS, OptionDefinition, Value};
use dogwrap::sites::SITES;

const README: &str = include_str!("../../README.md");

/// The row of an option in the README's table.
fn row(option: &OptionDefinition) -> String {
    let short = option.short.map(|short| format!("`-{short}`, ")).unwrap_or_default();
    let value = if option.value_name.is_empty() { String::new() } else { format!(" {}", option.value_name) };
    let choices = match option.value {
        Value::Choice(words) => format!(": `{}`", words.join("`, `")),
        _ => String::new(),
    };
    let default = if option.default.is_empty() { String::new() } else { format!("{} ", option.default) };
    format!("| {short}`--{}{value}` | {}{choices} | {default}|", option.long, option.help)
}

#[test]
fn the_table_of_options_is_the_programs() {
    let table: Vec<_> = README
        .lines()
        .skip_while(|line| !line.starts_with("| option |"))
        .skip(2)
        .take_while(|line| !line.is_empty())
        .collect();
    let expected: Vec<_> = OPTIONS.iter().map(row).collect();
    assert_eq!(table, expected, "the table should be:\n{}\n", expected.join("\n"));
}

#[test]
fn every_site_is_named() {
    for (short, _) in SITES {
        assert!(README.contains(&format!("`{short}`")), "{short}");
    }
}
