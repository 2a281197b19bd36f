//! How often a run enters the kernel: all threads of the wrapper, and its child until that has become the command.
//!
//! The thread that counts is the tracer, as `strace -f` would be, so that no tool is needed. What the command itself does is
//! not traced, and runs as fast as ever.

use nix::libc::PTRACE_SYSCALL_INFO_ENTRY;
use nix::sys::ptrace::{self, Event, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::runs::Prepared;
use super::tracing::{await_start, trace};

/// The system calls of one run.
pub fn count(prepared: &Prepared) -> u64 {
    let mut command = prepared.command(&[]);
    trace(&mut command);
    prepared.count(&mut command, follow)
}

/// Follows the process and its threads to the end of all of them.
fn follow(wrapper: Pid) -> (WaitStatus, u64) {
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_EXITKILL;
    // Other threads have children of their own.
    let next = || waitpid(None, Some(WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD));
    await_start(wrapper);
    ptrace::setoptions(wrapper, options).expect("what has stopped can be traced");
    // What is killed meanwhile cannot be told to go on; the next wait tells of its end.
    let go_on = |process, signal: Option<Signal>| {
        let _ = ptrace::syscall(process, signal);
    };
    go_on(wrapper, None);

    let (mut calls, mut status) = (0, WaitStatus::StillAlive);
    // It ends when there is nobody left to wait for.
    while let Ok(stop) = next() {
        match stop {
            WaitStatus::PtraceSyscall(process) => {
                calls += u64::from(has_entered(process));
                go_on(process, None);
            }
            WaitStatus::PtraceEvent(process, _, event)
                if process != wrapper && event == Event::PTRACE_EVENT_EXEC as i32 =>
            {
                let _ = ptrace::detach(process, None);
            }
            // A new thread or process begins with a stop of its own.
            WaitStatus::PtraceEvent(process, ..) | WaitStatus::Stopped(process, Signal::SIGSTOP) => {
                go_on(process, None);
            }
            WaitStatus::Stopped(process, signal) => go_on(process, Some(signal)),
            ended if ended.pid() == Some(wrapper) => status = ended,
            _ => {}
        }
    }
    (status, calls)
}

/// Whether the thread has stopped before its system call, not behind it.
fn has_entered(thread: Pid) -> bool {
    ptrace::syscall_info(thread).is_ok_and(|info| info.op == PTRACE_SYSCALL_INFO_ENTRY)
}
