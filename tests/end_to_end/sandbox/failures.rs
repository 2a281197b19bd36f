//! Guests that trap: before, during and after the command.

use nix::sys::signal::Signal;

use super::guest::{Guest, KEPT, NOT_STARTED, OVER, RUNNING, failure, file_of};
use crate::spool::files::{content, json_files};
use crate::support::Ending;
use crate::watched::{Job, Watched};

/// Why a guest has failed that traps.
const REASON: &str = "it has given up (unreachable)";

#[test]
fn traps_before_the_command() {
    Guest::new("traps_before_the_command").assert_failed(REASON, NOT_STARTED);
}

#[test]
fn traps_after_the_command() {
    Guest::new("traps_after_the_command").assert_failed(REASON, OVER);
}

/// Starts `command` with the guest that traps when it has passed on a line, and waits until it has.
fn trapped<const N: usize>(command: &str, options: [&str; N]) -> Watched {
    let file = file_of("traps_during_the_command");
    let run = Job::new(command).options(["--component", &file]).options(options).start();
    run.stdout.wait_for("before\n");
    run.stderr.wait_for(&failure(REASON, RUNNING));
    run
}

/// Checks that the run ends with `status`, of which the event is kept with `exit_code`, and leaves nothing behind.
fn assert_ends(mut run: Watched, printed: &str, status: i32, exit_code: i32) {
    assert_eq!(run.ending(), Ending::Exited(status));
    assert_eq!(run.stdout.text_to_its_end(), printed);
    assert_eq!(run.stderr.text_to_its_end(), failure(REASON, RUNNING) + KEPT);
    assert_eq!((run.processes(), run.requests()), (Vec::new(), 0));
    let [file] = json_files(&run.path("state/dogwrap/spool")).try_into().expect("one event is kept");
    let event = &content(&file)["request"]["body"];
    let text = event["text"].as_str().expect("an event has a text");
    assert!(text.contains(&format!("**>>>> EXIT CODE <<<<**\n\n {exit_code}\n")), "{text}");
}

#[test]
fn traps_during_the_command() {
    let run = trapped("echo before; read line <gate; echo after; exit 3", []);
    run.gate.open();
    assert_ends(run, "before\nafter\n", 3, 3);

    // Signals reach the command as before, and so does its own time limit.
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let run = trapped("echo before; exec sleep 300", []);
        run.signal(signal);
        assert_ends(run, "before\n", 128 + signal as i32, -(signal as i32));
    }
    let handling = "exec 2>/dev/null; trap 'echo caught; exit 5' TERM; echo before; while :; do sleep 0.05; done";
    let run = trapped(handling, []);
    run.signal(Signal::SIGTERM);
    assert_ends(run, "before\ncaught\n", 5, 5);
    let run = trapped("echo before; exec sleep 300", ["-t", "1"]);
    // That there is no exit code of its own is -1 in an event.
    assert_ends(run, "before\n", 124, -1);
}
