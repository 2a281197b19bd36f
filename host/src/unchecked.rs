//! What the compiler cannot check: the one module with `unsafe` in it, but for where the program starts. Each block says why
//! it is sound.
#![expect(unsafe_code, reason = "POSIX and compiled code offer these in no other way")]

use std::ffi::{CStr, c_char, c_int};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr::NonNull;
use std::slice;

use nix::errno::Errno;
use nix::libc;
use nix::sys::mman::{ProtFlags, mprotect};
use nix::sys::signal::{SigHandler, SigSet, Signal, raise};
use nix::sys::wait::WaitStatus;
use nix::unistd::{Pid, SysconfVar, getpid, sysconf, tcsetpgrp};
use wasmtime::component::Component;
use wasmtime::{CustomCodeMemory, Engine};

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

/// The memory in which the kernel shows this process's own command line to everybody: its words, each with a zero at its end.
pub struct CommandLine(Option<&'static mut [u8]>);

impl CommandLine {
    /// Finds it by what `main` is given. Where its words do not lie one after the other, as they do on Linux, there is none.
    ///
    /// # Safety
    ///
    /// They have to be what the system has given to `main`: `count` pointers to strings that are there as long as the
    /// process, and can be written. Nobody else may refer to these strings then.
    pub unsafe fn new(count: c_int, words: *const *const c_char) -> Self {
        let count = usize::try_from(count).unwrap_or(0);
        if count == 0 || words.is_null() {
            return Self(None);
        }
        // SAFETY: there are so many, as the caller promises.
        let words = unsafe { slice::from_raw_parts(words, count) };
        let mut length = 0;
        for word in words {
            if *word != words[0].wrapping_add(length) {
                return Self(None);
            }
            // SAFETY: it is a string, as the caller promises.
            length += unsafe { CStr::from_ptr(*word) }.count_bytes() + 1;
        }
        // SAFETY: the strings fill this memory, as was just seen, and are ours, as the caller promises.
        Self(Some(unsafe { slice::from_raw_parts_mut(words[0].cast_mut().cast(), length) }))
    }

    /// The words that were found, if any.
    pub fn words(self) -> Option<&'static mut [u8]> {
        self.0
    }
}

/// Has a write to what nobody reads fail, instead of ending this process.
pub fn ignore_broken_pipes() {
    // SAFETY: nothing has been handled yet, and to ignore a signal runs no code of ours.
    let _ = unsafe { nix::sys::signal::signal(Signal::SIGPIPE, SigHandler::SigIgn) };
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

/// Like [`load_compiled`], of `code` that stays where it is, and is not copied. Once for the same code: where it lies tells the
/// runtime which component a trap is of.
pub fn load_in_place(engine: &Engine, code: &'static [u8]) -> wasmtime::Result<Component> {
    // SAFETY: as above; and nobody writes to what is a constant of this program.
    unsafe { Component::deserialize_raw(engine, NonNull::from(code)) }
}

/// The size of a page where the system does not tell it, in bytes.
const SMALLEST_PAGE: usize = 4096;

/// Makes compiled code executable: what the runtime has mapped itself, and what lies in this program.
pub struct Executable;

impl CustomCodeMemory for Executable {
    fn required_alignment(&self) -> usize {
        let size = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
        size.and_then(|size| usize::try_from(size).ok()).unwrap_or(SMALLEST_PAGE)
    }

    fn publish_executable(&self, start: *const u8, length: usize) -> wasmtime::Result<()> {
        let start = NonNull::new(start.cast_mut().cast()).ok_or_else(|| wasmtime::Error::msg("there is no code"))?;
        // SAFETY: the runtime gives us pages that hold nothing but code that was compiled, and that nobody writes to any more.
        unsafe { mprotect(start, length, ProtFlags::PROT_READ | ProtFlags::PROT_EXEC) }?;
        Ok(())
    }

    fn unpublish_executable(&self, _: *const u8, _: usize) -> wasmtime::Result<()> {
        // What was mapped is about to be unmapped, and what lies in this program stays as it is.
        Ok(())
    }
}
