//! In a terminal: what is typed reaches the command, and the shell has the terminal back afterwards.

use super::{assert_event_has, event_below};
use crate::processes::{exists, is_stopped};
use crate::terminal::session::{CONTROL_C, CONTROL_Z, Session};
use crate::watched::eventually;

/// The program without a component, as the shell of a session starts it.
const RUN: &str = "$run --component nowhere";

#[test]
fn control_c_interrupts_the_command() {
    let mut session = Session::start();
    session.run_with(RUN, "echo $$ >command; echo ready; exec sleep 300", "");
    session.wait_for("ready");
    session.press(CONTROL_C);
    session.command("echo status=$?");
    session.wait_for("status=130");
    assert!(!exists(session.process("command")));
    assert_event_has(&event_below(&session.path("state")), -2);
}

#[test]
fn the_command_reads_from_the_terminal_and_can_be_stopped() {
    let mut session = Session::start();
    session.run_with(RUN, "echo $PPID >wrapper; echo $$ >command; echo ready; read line; echo got $line; exit 4", "");
    session.wait_for("ready");
    session.press(CONTROL_Z);
    session.wait_for("Stopped");
    for process in ["wrapper", "command"] {
        let process = session.process(process);
        eventually("all of the job has stopped", || is_stopped(process).then_some(()));
    }
    session.command("fg");
    session.type_line("hello");
    session.wait_for("got hello");
    session.command("echo status=$?");
    session.wait_for("status=4");
    session.command("read line; echo shell got $line");
    session.type_line("hello");
    session.wait_for("shell got hello");
    assert_event_has(&event_below(&session.path("state")), 4);
}
