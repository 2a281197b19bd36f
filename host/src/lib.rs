//! Runs commands and reports them to Datadog, from a program in Rust such as a scheduler: what the program `dogwrap` does,
//! without a process of its own.
//!
//! A [`Wrapper`] is made once. A [`Job`] is a command with the options of the command line; [`Wrapper::run`] runs it, and
//! has its event delivered, or kept where that cannot be done:
//!
//! ```no_run
#![doc = include_str!("../examples/scheduler.rs")]
//! ```
//!
//! # What is left alone
//!
//! A run has a thread of its own, and needs no asynchronous runtime of its caller; any executor can wait for it. Many runs
//! go on at once. Of the process around it a run changes nothing: it handles no signal, and is steered by
//! [`Run::signal`] instead; it does not touch the terminal, the umask, the working directory or the environment; it writes
//! to standard output and standard error only what the command prints, where [`Output::Inherit`] asks for that; and it waits
//! for no child but its own.
//!
//! In turn, nobody may wait for that child: a process that ignores SIGCHLD, or waits for any child whatsoever, takes away
//! how the command ended. It is then reported as a failure with status 127. The WebAssembly runtime handles the signals of
//! faulting instructions (SIGSEGV, SIGBUS, SIGILL, SIGFPE) where they are about its own code, and passes on all others.
//!
//! # What a command gets
//!
//! The command is the leader of a process group of its own, with the environment and the working directory of this process
//! unless [`Job::environment`] and [`Job::directory`] say otherwise, and with nothing to read. What it leaves running in the
//! background holds no result up: its output is read on until its end, as long as this process lives.
//!
//! What the program reads from the environment (`DD_API_KEY`, `DD_SITE`, proxies and so on) is read from that of this process.
//!
//! # The rules alone
//!
//! Whoever runs commands in another way, or none at all, can have the rules alone, as plain functions: [`rules`].
//!
//! ```
#![doc = include_str!("../examples/rules.rs")]
//! ```

mod bindings;
mod capabilities;
mod component;
mod conceal;
mod flow;
mod forward;
mod http;
mod invocation;
mod job;
mod locks;
mod machine;
mod messages;
mod names;
mod policy;
mod process;
mod program;
mod run;
mod stand_in;
mod state;
mod stdio;
mod surroundings;
mod unchecked;
mod words;
mod wrapper;

/// The rules: from a finished run to its event and the requests that submit it. See the example at the top of this page.
pub use dogwrap as rules;

pub use job::{Job, Output};
pub use program::program;
#[doc(hidden)]
pub use unchecked::CommandLine;
pub use wrapper::{Error, Finished, Report, Run, Signal, Signaller, Wrapper};
