//! Stops a program at its first instruction, by the way that debuggers have.

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::ptrace;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

use super::runs::number_of;

/// Whether processes can be traced here: where they cannot, as in some containers, a traced one does not start.
pub fn permitted() -> bool {
    let mut command = Command::new("true");
    trace(&mut command);
    let Ok(started) = command.spawn() else { return false };
    let process = number_of(started);
    await_start(process);
    ptrace::kill(process).expect("what has stopped can be killed");
    waitpid(process, None).expect("a child can be waited for");
    true
}

/// Has the program stop at its first instruction, for the thread that starts it.
#[expect(unsafe_code, reason = "what runs between fork and exec must be safe there, which the compiler cannot see")]
pub fn trace(command: &mut Command) {
    // SAFETY: the closure only calls `ptrace`, which is async-signal-safe.
    unsafe { command.pre_exec(|| Ok(ptrace::traceme()?)) };
}

/// Waits until a traced program is at its first instruction.
pub fn await_start(process: Pid) {
    let status = waitpid(process, None).expect("a child can be waited for");
    assert_eq!(status, WaitStatus::Stopped(process, Signal::SIGTRAP));
}
