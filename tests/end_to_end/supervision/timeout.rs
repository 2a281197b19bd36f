//! The command's limit of time: everything in its group is told to end, waited for, and killed at last.

use regex_lite::Regex;

use crate::processes::exists;
use crate::support::{Ending, Invocation, skipped};
use crate::watched::{Event, Job, eventually};

/// What is said when the command is told to end, and how long it had run.
const TOLD: &str = r"Command timed out after (\d+\.\d\d)s, killing with SIGTERM\n";

/// What is said when that was of no use, and how long it was waited for.
const KILLED: &str = r"SIGTERM timeout failed after (\d+\.\d\d)s, killing with SIGKILL\n";

/// Matches all of `text`, and returns the numbers in it.
fn numbers(text: &str, pattern: &str) -> Vec<f64> {
    let pattern = Regex::new(&format!("^{pattern}$")).expect("the pattern is well formed");
    let numbers = pattern.captures(text).unwrap_or_else(|| panic!("{text:?} is not {pattern}"));
    numbers.iter().skip(1).flatten().map(|number| number.as_str().parse().expect("it is a number")).collect()
}

fn assert_reports_a_timeout(event: &Event) {
    assert!(event.title.contains(" job timed out after "), "{}", event.title);
    assert_eq!((event.exit_code(), event.alert_type.as_str()), (-1, "error"));
}

#[test]
fn a_timeout_ends_the_whole_group() {
    let mut run = Job::new("sleep 300 & sh -c 'sleep 300 & sleep 300' & sleep 300").options(["-t", "1"]).start();
    assert_eq!(run.ending(), Ending::Exited(124));
    assert_eq!(run.processes(), []);
    assert_reports_a_timeout(&run.event());
    let duration = run.event().duration();
    assert!((1.0..10.0).contains(&duration), "{duration}");
    let said = run.stderr.text_to_its_end();
    let said = said.lines().find(|line| line.starts_with("Command")).expect("it is said what was done");
    assert!((1.0..10.0).contains(&numbers(&format!("{said}\n"), TOLD)[0]), "{said}");
}

#[test]
fn a_status_from_after_the_timeout_does_not_count() {
    let command = "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.05; done";
    let mut run = Job::new(command).options(["-t", "2"]).start();
    assert_eq!(run.ending(), Ending::Exited(124));
    assert_eq!(run.stdout.text_to_its_end(), "ready\nbye\n");
    assert_reports_a_timeout(&run.event());
    assert!(run.event().text.contains("ready\nbye\n"), "{}", run.event().text);
}

#[test]
fn a_command_that_ignores_term_is_killed() {
    let mut run = Job::new("trap '' TERM; sleep 300 & echo $! >background; sleep 300")
        .options(["-t", "2", "--sigterm_timeout", "0.5"])
        .start();
    assert_eq!(run.ending(), Ending::Exited(124));
    assert_eq!(run.processes(), []);
    assert_reports_a_timeout(&run.event());
    let said = numbers(&run.stderr.text_to_its_end(), &format!("{TOLD}{KILLED}"));
    assert!((2.0..10.0).contains(&said[0]) && (0.5..10.0).contains(&said[1]), "{said:?}");
}

#[test]
fn what_the_command_has_started_has_the_same_time_to_end() {
    let background = "trap 'read line <gate; echo bye; exit' TERM; echo $$ >background; while :; do sleep 0.05; done";
    let command = format!("sh -c '{}' & echo $$ >command; exec sleep 300", background.replace('\'', r"'\''"));
    let mut run = Job::new(command).options(["-t", "2"]).start();
    let (command, background) = (run.process("command"), run.process("background"));
    eventually("the end of the command", || (!exists(command)).then_some(()));
    assert!(run.is_running(), "the background process is not waited for");
    assert!(exists(background), "the background process had no time to end");
    run.gate.open();
    assert_eq!(run.ending(), Ending::Exited(124));
    assert_eq!(run.stdout.text_to_its_end(), "bye\n");
    assert_eq!(run.processes(), []);
    assert!(!run.stderr.text_to_its_end().contains("SIGKILL"));
}

#[test]
fn what_the_command_has_started_is_killed_after_it() {
    let command = "(trap '' TERM; exec sleep 300) & echo $$ >command; exec sleep 300";
    let mut run = Job::new(command).options(["-t", "2", "--sigterm_timeout", "0.5"]).start();
    assert_eq!(run.ending(), Ending::Exited(124));
    assert_eq!(run.processes(), []);
    numbers(&run.stderr.text_to_its_end(), &format!("{TOLD}{KILLED}"));
}

#[test]
fn a_stopped_command_is_ended_as_well() {
    let mut run = Job::new("kill -STOP $$; sleep 300").options(["-t", "1"]).start();
    assert_eq!(run.ending(), Ending::Exited(124));
    assert_eq!(run.processes(), []);
    numbers(&run.stderr.text_to_its_end(), TOLD);
}

#[test]
fn a_timeout_of_zero_is_none() {
    let mut run = Job::new("sleep 0.2; exit 3").options(["-t", "0"]).start();
    assert_eq!(run.ending(), Ending::Exited(3));
}

#[test]
fn dead_processes_that_nobody_buries_hold_nothing_up() {
    // As the first process of a container, we have no system around us that buries orphans.
    const CONTAINER: &str = r#"exec unshare --map-root-user --pid --fork --mount-proc --kill-child "$@""#;
    if !containers_are_possible() {
        return;
    }
    let command = "sleep 300 & (sleep 300 &) ; sleep 300";
    let mut run = Job::new(command).options(["-t", "1"]).started_by(CONTAINER).start();
    assert_eq!(run.ending(), Ending::Exited(124));
    assert!(!run.stderr.text_to_its_end().contains("SIGKILL"));
}

#[test]
fn a_first_process_that_buries_nobody_holds_nothing_up() {
    const CONTAINER: &str = r#"exec unshare --map-root-user --pid --fork --mount-proc --kill-child \
        sh -c '{ "$@" 2>said; echo $? >status; } & exec sleep 300 >/dev/null 2>&1' sh "$@""#;
    if !containers_are_possible() {
        return;
    }
    // Orphaned before the timeout, so it is the first process's and not ours when it is dead.
    let run = Job::new("(sleep 300 &) ; sleep 300").options(["-t", "1"]).started_by(CONTAINER).start();
    assert_eq!(run.file("status"), "124\n");
    assert!(!run.file("said").contains("SIGKILL"));
}

fn containers_are_possible() -> bool {
    let container = ["--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child", "true"];
    let possible = Invocation::new("unshare", container).run().ending == Ending::Exited(0);
    if !possible {
        skipped("what happens in a container, because unshare(1) cannot make one here");
    }
    possible
}
