//! What the command leaves running in the background: it holds us up for a short time only, and is not harmed.

use nix::sys::signal::Signal;

use super::{assert_event_has, job, kept_event};
use crate::processes::exists;
use crate::support::Ending;
use crate::watched::{Job, eventually};

/// A command that starts, by `launcher`, a daemon that prints once the gate is opened, and ends with status 3.
fn leaving_a_daemon(launcher: &str) -> Job {
    let daemon = "sh -c 'echo $$ >daemon; read line <gate; echo later; echo later error >&2; echo alive >survived'";
    job(format!("{launcher} {daemon} & until [ -s daemon ]; do sleep 0.01; done; echo done; exit 3"))
}

#[test]
fn what_a_daemon_prints_after_our_end_still_arrives() {
    for launcher in ["", "setsid"] {
        let mut run = leaving_a_daemon(launcher).options(["--drain_timeout", "0.2"]).start();
        assert_eq!(run.ending(), Ending::Exited(3));
        assert_event_has(&kept_event(&run), 3);
        assert!(exists(run.process("daemon")));
        run.gate.open();
        assert_eq!(run.file("survived"), "alive\n");
        assert_eq!(run.stdout.text_to_its_end(), "done\nlater\n");
        assert!(run.stderr.text_to_its_end().ends_with("\nlater error\n"));
        run.wait_until_nothing_is_left();
    }
}

#[test]
fn a_daemon_is_waited_for_as_long_as_is_asked() {
    let mut run = leaving_a_daemon("setsid").options(["--drain_timeout", "60"]).start();
    run.stdout.wait_for("done");
    run.gate.open();
    assert_eq!(run.ending(), Ending::Exited(3));
    assert_eq!(run.stdout.text_to_its_end(), "done\nlater\n");
}

#[test]
fn a_signal_ends_the_wait_for_a_daemon() {
    let command = "setsid sh -c 'echo $$ >daemon; read line <gate' & echo $$ >command; exec sleep 0.1";
    let mut run = job(command).options(["--drain_timeout", "60"]).start();
    let (command, daemon) = (run.process("command"), run.process("daemon"));
    eventually("the end of the command", || (!exists(command)).then_some(()));
    run.signal(Signal::SIGTERM);
    assert_eq!(run.ending(), Ending::Exited(0), "the command had ended before the signal");
    assert!(run.age().as_secs() < 50 && exists(daemon));
}
