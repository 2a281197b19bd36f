//! The README says of options and sites what the program's own tables say.

use dogwrap::command_line::options::{OptionDefinition, Program, Value};
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

/// Checks that the table below `heading` has these options.
fn assert_table(heading: &str, options: impl Iterator<Item = &'static OptionDefinition>) {
    let table: Vec<_> = README
        .lines()
        .skip_while(|line| *line != heading)
        .skip_while(|line| !line.starts_with("| option |"))
        .skip(2)
        .take_while(|line| !line.is_empty())
        .collect();
    let expected: Vec<_> = options.map(row).collect();
    assert_eq!(table, expected, "the table should be:\n{}\n", expected.join("\n"));
}

#[test]
fn the_table_of_options_is_the_programs() {
    assert_table("### Options", Program::Wrapper.options());
}

#[test]
fn the_table_of_the_reporters_options_has_those_that_are_its_own() {
    assert_table(
        "### Options of the reporter",
        Program::Reporter.options().filter(|option| !option.programs.contains(&Program::Wrapper)),
    );
}

#[test]
fn the_options_that_the_reporter_lacks_are_named() {
    let lacking = Program::Wrapper.options().filter(|option| Program::Reporter.find(option.long).is_none());
    let named: Vec<_> = lacking.map(|option| format!("`--{}`", option.long)).collect();
    let sentence = format!("It has no {}.", named.join(", "));
    assert!(README.split_whitespace().collect::<Vec<_>>().join(" ").contains(&sentence), "{sentence}");
}

#[test]
fn every_site_is_named() {
    for (short, _) in SITES {
        assert!(README.contains(&format!("`{short}`")), "{short}");
    }
}
