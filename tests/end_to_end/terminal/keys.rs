//! What is typed while the command runs: it reaches the command, and the shell has the terminal back afterwards.

use std::fs;

use super::session::{CONTROL_BACKSLASH, CONTROL_C, Session};
use crate::processes::exists;
use crate::support::{Ending, Invocation, skipped};
use crate::watched::eventually;

#[test]
fn control_c_interrupts_the_command_and_is_reported() {
    let mut session = Session::start();
    session.run("echo $$ >command; echo ready; exec sleep 300");
    session.wait_for("ready");
    session.press(CONTROL_C);
    session.command("echo status=$?");
    session.wait_for("status=130");
    assert!(!exists(session.process("command")));
    let event = session.event();
    assert_eq!((event.exit_code(), event.alert_type.as_str()), (-2, "error"));
}

#[test]
fn control_backslash_quits_the_command_and_is_reported() {
    let mut session = Session::start();
    session.run("ulimit -c 0; echo ready; exec sleep 300");
    session.wait_for("ready");
    session.press(CONTROL_BACKSLASH);
    session.command("echo status=$?");
    session.wait_for("status=131");
    assert_eq!(session.event().exit_code(), -3);
}

#[test]
fn a_command_that_handles_control_c_goes_on() {
    let mut session = Session::start();
    session.run("trap 'echo interrupted' INT; echo ready; until [ -e go ]; do sleep 0.05; done; exit 5");
    session.wait_for("ready");
    session.press(CONTROL_C);
    session.wait_for("interrupted");
    fs::write(session.path("go"), "").expect("a file can be written");
    session.command("echo status=$?");
    session.wait_for("status=5");
    assert_eq!(session.event().exit_code(), 5);
}

#[test]
fn the_command_reads_from_the_terminal() {
    let mut session = Session::start();
    session.run("echo ready; read line; echo got $line");
    session.wait_for("ready");
    session.type_line("hello");
    session.wait_for("got hello");
    session.command("echo status=$?");
    session.wait_for("status=0");
}

#[test]
fn the_command_may_change_the_settings_of_the_terminal() {
    let mut session = Session::start();
    session.run("stty rows 17 && stty size");
    session.wait_for("17 ");
    session.command("echo status=$?");
    session.wait_for("status=0");
}

#[test]
fn the_shell_has_the_terminal_back_however_the_command_ended() {
    for script in ["exit 3", "kill -KILL $$", "kill -INT $$", "sleep 300"] {
        let mut session = Session::start();
        session.run_with("$run -t 1", script, "");
        session.command("read line; echo got $line");
        session.type_line("hello");
        session.wait_for("got hello");
    }
}

#[test]
fn a_script_that_is_interrupted_does_not_go_on() {
    for shell in ["sh", "bash"] {
        if Invocation::new("sh", ["-c", "command -v $0", shell]).run().ending != Ending::Exited(0) {
            skipped(&format!("interrupting a script of {shell}, which is not here"));
            continue;
        }
        let mut session = Session::start();
        fs::write(session.path("script"), "echo ready; exec sleep 300").expect("a file can be written");
        fs::write(session.path("job"), "$run -- . ./script\necho went on\n").expect("a file can be written");
        session.command(&format!("{shell} ./job"));
        session.wait_for("ready");
        session.press(CONTROL_C);
        session.command("echo status=$?");
        session.wait_for("status=");
        assert!(!session.shown().contains("went on"), "{shell}: {}", session.shown());
        session.wait_for("130");
    }
}

#[test]
fn a_terminal_that_is_closed_ends_the_command_and_is_reported() {
    let mut session = Session::start();
    session.run("echo $$ >command; echo ready; exec sleep 300");
    session.wait_for("ready");
    let command = session.process("command");
    session.hang_up();
    assert_eq!(session.event().exit_code(), -1);
    eventually("the end of the command", || (!exists(command)).then_some(()));
}
