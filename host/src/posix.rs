//! What POSIX offers only through `unsafe`: the one place of it for processes and signals.

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::libc;
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{getpid, tcsetpgrp};

/// Whether `signal` was ignored when this program was started, as `nohup` and shells do for what runs in the background.
#[expect(unsafe_code, reason = "nix can only read a disposition by replacing it")]
pub fn is_ignored(signal: Signal) -> bool {
    // SAFETY: `sigaction` is plain data for which all zeroes are valid; without a new action the call only writes the
    // old one to where we point it.
    let (result, action) = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        let result = libc::sigaction(signal as i32, std::ptr::null(), &raw mut action);
        (result, action)
    };
    result == 0 && action.sa_sigaction == libc::SIG_IGN
}

/// Lets `command` make its own process group the foreground of the terminal that is its standard input, before it runs:
/// were it done by us, the command could already have been stopped for reading in the background.
#[expect(unsafe_code, reason = "what runs between fork and exec must be safe there, which the compiler cannot see")]
pub fn take_foreground(command: &mut Command) {
    let terminal = std::io::stdin();
    let take = move || {
        // A process in the background that takes the foreground is stopped with SIGTTOU unless that is blocked.
        let blocked = SigSet::from_iter([Signal::SIGTTOU]);
        blocked.thread_block()?;
        // Without the foreground the command runs in the background, as it would have without us.
        let _ = tcsetpgrp(&terminal, getpid());
        blocked.thread_unblock()?;
        Ok(())
    };
    // SAFETY: the closure only calls `getpid`, `tcsetpgrp` and `pthread_sigmask`, which are async-signal-safe, and
    // allocates nothing.
    unsafe { command.pre_exec(take) };
}
