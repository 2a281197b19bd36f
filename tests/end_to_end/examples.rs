//! The examples of the library: those that run by themselves, run.

use std::path::{Path, PathBuf};

use crate::server::{Answer, Server};
use crate::snippets::snippet;
use crate::spool::sent::events;
use crate::support::{Ending, Invocation, skipped};

/// An example that was built; none where nobody says where they are.
fn example(name: &str) -> Option<PathBuf> {
    let directory = std::env::var_os("DOGWRAP_EXAMPLES").filter(|path| !path.is_empty());
    if directory.is_none() {
        skipped(&format!("the example {name} is not run, because DOGWRAP_EXAMPLES names no directory"));
    }
    directory.map(|directory| PathBuf::from(directory).join(name))
}

#[test]
fn the_lines_of_the_readme_wrap_a_job() {
    let lines = snippet("From Rust");
    let source = include_str!("../../host/examples/nightly.rs");
    assert!(source.contains(lines), "the README shows what no example holds:\n{lines}");
    let Some(program) = example("nightly") else { return };
    let server = Server::start(Answer::default());
    let invocation = Invocation::new(program, [""; 0]).variable("DD_SITE", server.url()).variable("DD_API_KEY", "key");
    let outcome = invocation.run();
    // There is no such program here.
    assert_eq!(outcome.stdout, b"Exited(127), event: Delivered\n", "{outcome:?}");
    let [event] = &events(&server)[..] else { panic!("{outcome:?}") };
    assert!(event["title"].as_str().is_some_and(|title| title.contains("] nightly failed in")), "{event}");
}

#[test]
fn a_program_with_plugins_judges_a_run() {
    let Some(program) = example("events") else { return };
    // It finds the component as somebody does who stands in the checkout.
    let outcome = Invocation::new(program, [""; 0]).directory(Path::new(env!("CARGO_MANIFEST_DIR"))).run();
    let printed = String::from_utf8_lossy(&outcome.stdout).into_owned();
    assert_eq!(outcome.ending, Ending::Exited(0), "{outcome:?}");
    assert!(printed.starts_with("exit status 28, reported as Some(AlertType::Error)\n"), "{printed}");
    assert!(printed.contains("\nPOST https://api.datadoghq.eu/api/v1/events\n"), "{printed}");
}
