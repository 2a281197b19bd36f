//! What the compiler cannot check: the one module with `unsafe` in it. Each block says why it is sound.
#![expect(unsafe_code, reason = "POSIX and compiled code offer these in no other way")]

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{SigHandler, SigSet, Signal, raise};
use nix::sys::wait::WaitStatus;
use nix::unistd::{Pid, getpid, tcsetpgrp};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Whether `signal` was ignored when this program was started, as `nohup` and shells do for what runs in the background.
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
pub fn end_by(signal: Signal) {
    // SAFETY: the default action runs no code of ours, and nobody relies on the handler that it replaces any more.
    if unsafe { nix::sys::signal::signal(signal, SigHandler::SigDfl) }.is_ok() {
        let _ = raise(signal);
    }
}

/// Waits for the end of the child `pid`, and of no other. Returns with it what that child has used, and those of its
/// descendants that it waited for.
pub fn wait_for(pid: Pid) -> nix::Result<(WaitStatus, libc::rusage)> {
    let mut status = 0;
    // SAFETY: `rusage` is plain data for which all zeroes are valid; the call only writes to where we point it.
    let (waited_for, usage) = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        let waited_for = libc::wait4(pid.as_raw(), &raw mut status, 0, &raw mut usage);
        (waited_for, usage)
    };
    Errno::result(waited_for)?;
    Ok((WaitStatus::from_raw(pid, status)?, usage))
}

/// Gives `command`, before it runs, the signal mask `inherited`, and lets it make its own process group the foreground of
/// the terminal that is its standard input if it is to `take_foreground`: were that done by us, the command could already
/// have been stopped for reading in the background.
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

/// The memory in which the kernel shows this process's own command line, if that is `expected` now. To be called once,
/// before any thread is started. None where the system does not tell where it is; Linux does.
pub fn own_command_line(expected: &[u8]) -> Option<&'static mut [u8]> {
    if fs::read("/proc/self/cmdline").ok()? != expected {
        return None;
    }
    // proc_pid_stat(5): the name of the program, which may hold anything, ends with the last parenthesis. The field
    // after it is the third, and `arg_start` the 48th.
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let address: usize = fields.split_whitespace().nth(48 - 3)?.parse().ok().filter(|address| *address != 0)?;
    let start = std::ptr::with_exposed_provenance_mut::<u8>(address);
    // SAFETY: these are the argument strings of this process: the kernel says where they begin, and that `expected`
    // stands there has just been checked. They are writable and live as long as the process. Nothing else refers to them:
    // what was read of the arguments are copies, and the standard library does so at its start.
    Some(unsafe { std::slice::from_raw_parts_mut(start, expected.len()) })
}

/// Takes `code` for a component that was compiled before.
///
/// It is native code: the caller answers for where it comes from. Only code of this version and for this machine is
/// accepted, but nothing keeps code that was made to deceive from being run.
pub fn load_compiled(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the bytes are what `Engine::precompile_component` made: when this program was built, or for whoever names
    // the file, which only they can have written, and who could as well have run any other program.
    unsafe { Component::deserialize(engine, code) }
}
