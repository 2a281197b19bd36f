//! Invocations that make no sense, and the help.

use dogwrap::command_line::options::Program;

use super::runtime::Reporter;
use crate::support::{Ending, Invocation, dogwrap_path};

#[test]
fn a_wrong_invocation_is_said_in_a_line_with_a_hint() {
    let Some(reporter) = Reporter::to("us1") else { return };
    let wrong: [(&[&str], &str); 7] = [
        (&["-n", "job"], "how the command ended is not said"),
        (&["--exit_code", "3"], "neither a command nor the name of a job is given"),
        (&["-n", "job", "--exit_code", "x"], "invalid value 'x' for '--exit_code"),
        (&["-n", "job", "--exit_code", "3", "--stdout", "-", "--stderr", "-"], "standard input"),
        (&["--timeout", "3"], "unexpected argument '--timeout' found"),
        (&["-n", "job", "--exit_code", "3", "-s", "mars"], "invalid value 'mars' for '--site'"),
        (&["-n", "job", "--exit_cod", "3"], "unexpected argument '--exit_cod' found"),
    ];
    for (options, message) in wrong {
        let said = options.iter().fold(reporter.clone(), |so_far, option| so_far.options([option])).run([]).with(2);
        let lines: Vec<_> = said.lines().collect();
        let [error, hint] = lines.as_slice() else { panic!("two lines: {said}") };
        assert!(error.starts_with("dogwrap-report: error: ") && error.contains(message), "{said}");
        assert!(hint.starts_with("hint: "), "{said}");
    }
}

#[test]
fn each_program_names_the_other_for_an_option_of_the_other() {
    let outcome = Invocation::new(dogwrap_path(), ["--exit_code", "3"]).run();
    let said = String::from_utf8_lossy(&outcome.stderr).into_owned();
    assert_eq!(outcome.ending, Ending::Exited(2), "{said}");
    assert!(said.contains("it is an option of dogwrap-report"), "{said}");
    let Some(reporter) = Reporter::to("us1") else { return };
    let said = reporter.run(["--sigkill_timeout", "3"]).with(2);
    assert!(said.contains("it is an option of dogwrap; see 'dogwrap-report --help'"), "{said}");
}

#[test]
fn the_help_names_its_options_in_the_order_of_the_table() {
    let Some(reporter) = Reporter::to("us1") else { return };
    let told = reporter.run(["--help"]);
    assert_eq!((told.status, told.said.as_str()), (0, ""));
    // An option begins a line: what is said of it is further to the right.
    let begins = |line: &&str| line.starts_with("  -") || line.starts_with("      --");
    let named = told.printed.lines().filter(begins).filter_map(|line| line.split_once("--"));
    let named: Vec<_> = named.map(|(_, rest)| rest.split(' ').next().unwrap_or_default()).collect();
    let expected: Vec<_> = Program::Reporter.options().map(|option| option.long).collect();
    assert_eq!(named, expected);
    assert!(told.printed.contains("Usage: dogwrap-report [OPTIONS] [--] [COMMAND...]"), "{}", told.printed);
}

#[test]
fn the_version_is_the_programs() {
    let Some(reporter) = Reporter::to("us1") else { return };
    assert_eq!(reporter.run(["--version"]).printed, concat!("dogwrap-report ", env!("CARGO_PKG_VERSION"), "\n"));
}
