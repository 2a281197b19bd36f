//! Stopping and continuing, the foreground and the background: we and the command are one job to the shell.

use super::session::{CONTROL_Z, Session};
use crate::processes::is_stopped;
use crate::watched::eventually;

/// A command that waits for a line, be it from the terminal, and ends with status 4.
const READ: &str = "echo $PPID >wrapper; echo $$ >command; echo ready; read line; echo got $line; exit 4";

/// Starts the command and stops it again.
fn stopped() -> Session {
    let mut session = Session::start();
    session.run(READ);
    session.wait_for("ready");
    stop(&mut session);
    session
}

fn stop(session: &mut Session) {
    session.press(CONTROL_Z);
    session.wait_for("Stopped");
    for process in ["wrapper", "command"] {
        let process = session.process(process);
        eventually("all of the job has stopped", || is_stopped(process).then_some(()));
    }
}

fn assert_reads_its_line_and_ends(session: &mut Session) {
    session.type_line("hello");
    session.wait_for("got hello");
    session.command("echo status=$?");
    session.wait_for("status=4");
    assert_eq!(session.event().exit_code(), 4);
}

#[test]
fn control_z_stops_the_job_and_fg_continues_it() {
    let mut session = stopped();
    session.command("fg");
    assert_reads_its_line_and_ends(&mut session);
}

#[test]
fn a_job_can_be_stopped_again_and_again() {
    let mut session = stopped();
    for _ in 0..3 {
        session.command("fg");
        let command = session.process("command");
        eventually("the command goes on", || (!is_stopped(command)).then_some(()));
        stop(&mut session);
    }
    session.command("fg");
    assert_reads_its_line_and_ends(&mut session);
}

#[test]
fn the_shell_has_the_terminal_while_the_job_is_stopped() {
    let mut session = stopped();
    session.command("read line; echo shell got $line");
    session.type_line("hello");
    session.wait_for("shell got hello");
    session.command("fg");
    assert_reads_its_line_and_ends(&mut session);
}

#[test]
fn a_stopped_job_goes_on_in_the_background() {
    let mut session = Session::start();
    session.run("echo $PPID >wrapper; echo $$ >command; echo ready; read line <gate; exit 4");
    session.wait_for("ready");
    stop(&mut session);
    session.command("bg");
    session.command("read line; echo shell got $line");
    session.type_line("hello");
    session.wait_for("shell got hello");
    session.gate.open();
    assert_eq!(session.event().exit_code(), 4);
    session.command("wait %1; echo status=$?");
    session.wait_for("status=4");
}

#[test]
fn a_job_in_the_background_leaves_the_terminal_to_the_shell_until_it_is_in_the_foreground() {
    let mut session = Session::start();
    session.run_with("$run", READ, "&");
    // It reads from the terminal, which it may not in the background.
    for process in ["wrapper", "command"] {
        let process = session.process(process);
        eventually("all of the job has stopped", || is_stopped(process).then_some(()));
    }
    session.type_line("read line; echo shell got $line");
    session.type_line("hello");
    session.wait_for("shell got hello");
    session.command("fg");
    assert_reads_its_line_and_ends(&mut session);
}

#[test]
fn a_stopped_job_can_be_ended() {
    let mut session = stopped();
    session.command("kill -TERM %1");
    session.command("fg");
    session.command("echo status=$?");
    session.wait_for("status=143");
    assert_eq!(session.event().exit_code(), -15);
}

#[test]
fn what_was_printed_before_a_stop_is_shown_before_it() {
    let mut session = Session::start();
    session.run("echo question; kill -STOP $$; exit 4");
    session.wait_for("question");
    session.wait_for("Stopped");
    session.command("fg");
    session.command("echo status=$?");
    session.wait_for("status=4");
}
