//! Signals that were ignored when we were started, as `nohup` and shells arrange it: they stay ignored.

use nix::sys::signal::{Signal, kill};

use crate::support::Ending;
use crate::watched::Job;

/// Ends with status 5 once the file `go` is there, and answers to SIGUSR1 until then.
const COMMAND: &str =
    "trap 'echo alive' USR1; echo $$ >command; echo ready; until [ -e go ]; do sleep 0.05; done; exit 5";

fn stays_ignored(starting_script: &'static str, ignored: Signal) {
    let mut run = Job::new(COMMAND).started_by(starting_script).start();
    run.stdout.wait_for("ready");
    run.signal(ignored);
    kill(run.process("command"), ignored).expect("the command runs");
    // Signals are delivered in the order of their numbers: once this one has come, the others would have.
    run.signal(Signal::SIGUSR1);
    run.stdout.wait_for("alive");
    std::fs::write(run.path("go"), "").expect("a file can be written");
    assert_eq!(run.ending(), Ending::Exited(5));
    assert_eq!(run.event().exit_code(), 5);
}

#[test]
fn what_nohup_ignores_stays_ignored() {
    stays_ignored(r#"exec nohup "$@""#, Signal::SIGHUP);
}

#[test]
fn what_a_shell_ignores_for_a_background_job_stays_ignored() {
    stays_ignored(r#"trap '' INT QUIT; exec "$@""#, Signal::SIGINT);
    stays_ignored(r#"trap '' INT QUIT; exec "$@""#, Signal::SIGQUIT);
}

#[test]
fn an_ignored_term_stays_ignored_and_a_timeout_still_ends_the_command() {
    stays_ignored(r#"trap '' TERM; exec "$@""#, Signal::SIGTERM);
    let options = ["-t", "0.2", "--sigterm_timeout", "0.2"];
    let mut run = Job::new("sleep 300").options(options).started_by(r#"trap '' TERM; exec "$@""#).start();
    assert_eq!(run.ending(), Ending::Exited(124));
    assert_eq!(run.processes(), []);
}

#[test]
fn the_end_of_the_command_is_seen_although_the_end_of_children_is_ignored() {
    let mut run = Job::new("exit 5").started_by(r#"trap '' CHLD; exec "$@""#).start();
    assert_eq!(run.ending(), Ending::Exited(5));
}
