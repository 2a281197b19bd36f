//! What POSIX offers only through `unsafe`: the one place of it for processes and signals.

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::libc;
use nix::sys::signal::{SigHandler, SigSet, Signal, raise};
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

/// Ends this process by `signal`, as if it had never been handled.
///
/// A shell that runs a script goes on with it when an interrupt was typed but the program at hand ended by itself: such a
/// program is taken to have dealt with it.
#[expect(unsafe_code, reason = "changing a disposition is unsafe where handlers run")]
pub fn end_by(signal: Signal) {
    // SAFETY: the default action runs no code of ours, and nobody relies on the handler that it replaces any more.
    if unsafe { nix::sys::signal::signal(signal, SigHandler::SigDfl) }.is_ok() {
        let _ = raise(signal);
    }
}

/// Gives `command`, before it runs, the signal mask `inherited`, and lets it make its own process group the foreground of
/// the terminal that is its standard input if it is to `take_foreground`: were that done by us, the command could already
/// have been stopped for reading in the background.
#[expect(unsafe_code, reason = "what runs between fork and exec must be safe there, which the compiler cannot see")]
pub fn prepare_for_terminal(command: &mut Command, inherited: SigSet, take_foreground: bool) {
    let terminal = std::io::stdin();
    let prepare = move || {
        if take_foreground {
            // We block SIGTTOU, and so does the child as yet: it would be stopped for this otherwise. Without the
            // foreground the command runs in the background, as it would have without us.
            let _ = tcsetpgrp(&terminal, getpid());
        }
        Ok(inherited.thread_set_mask()?)
    };
    // SAFETY: the closure only calls `getpid`, `tcsetpgrp` and `pthread_sigmask`, which are async-signal-safe, and
    // allocates nothing.
    unsafe { command.pre_exec(prepare) };
}
