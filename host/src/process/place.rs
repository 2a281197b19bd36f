//! Where a command is started from: by a program that has its process to itself, or by one that embeds us, of whose
//! process nothing may be changed.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use nix::sys::stat::{Mode, umask};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;

use super::output::{Pipe, Stream, pass_on};
use super::{Terminal, group};
use crate::forward;
use crate::stdio::Output;

/// Where a command is started from.
pub enum Place {
    /// The process is ours.
    Program {
        /// Files of the command are made with it.
        inherited_umask: Mode,
        /// Our standard input, when it is one.
        terminal: Option<Terminal>,
    },
    /// The process is that of a program that embeds us.
    Embedded(Embedded),
}

/// What an embedding program says of the command, and what is left to do for it when the command has ended.
pub struct Embedded {
    /// Variables of the command, besides those of the process.
    environment: Vec<(OsString, OsString)>,
    /// Its working directory, if not that of the process.
    directory: Option<PathBuf>,
    /// What reads on what the command has left running.
    readers: Mutex<Vec<JoinHandle<()>>>,
}

impl Embedded {
    /// What is said of the command: variables besides those of the process, and a working directory if not its own.
    pub fn new(environment: Vec<(OsString, OsString)>, directory: Option<PathBuf>) -> Self {
        Self { environment, directory, readers: Mutex::default() }
    }
}

impl Place {
    /// Prepares `command` for being started here.
    pub fn prepare(&self, command: &mut Command) {
        match self {
            Self::Program { terminal, .. } => terminal.iter().for_each(|terminal| terminal.prepare(command)),
            Self::Embedded(embedded) => {
                // In a group of its own, it would be stopped for reading from a terminal.
                command.stdin(Stdio::null()).envs(embedded.environment.iter().map(|(name, value)| (name, value)));
                embedded.directory.iter().for_each(|directory| {
                    command.current_dir(directory);
                });
            }
        }
    }

    /// Starts `command`.
    pub fn spawn(&self, command: &mut Command) -> io::Result<Child> {
        match self {
            Self::Program { inherited_umask, .. } => {
                let ours = umask(*inherited_umask);
                let started = command.spawn();
                umask(ours);
                started
            }
            Self::Embedded(_) => command.spawn(),
        }
    }

    /// What tells of the end of children, if we may have their signal.
    pub fn child_signals(&self) -> io::Result<Option<Signal>> {
        match self {
            Self::Program { .. } => signal(SignalKind::child()).map(Some),
            Self::Embedded(_) => Ok(None),
        }
    }

    /// Learns from now on of the end of what the command leaves behind, where that can be done.
    pub fn adopt_orphans(&self) {
        if matches!(self, Self::Program { .. }) {
            group::adopt_orphans();
        }
    }

    /// Our standard input, when it is a terminal and ours.
    pub fn terminal(&self) -> Option<&Terminal> {
        match self {
            Self::Program { terminal, .. } => terminal.as_ref(),
            Self::Embedded(_) => None,
        }
    }

    /// Has everything that still comes out of `pipe` written to `output`: by a process that outlives us, or by a task that
    /// [`Place::left_behind`] waits for.
    pub fn hand_over(&self, pipe: &Pipe, output: &Output) -> io::Result<()> {
        match self {
            Self::Program { .. } => output.with_descriptor(|descriptor| forward::start(pipe.descriptor()?, descriptor)),
            Self::Embedded(embedded) => {
                let stream = Stream::new(pipe, &Arc::default());
                let reader = tokio::spawn(pass_on(stream, output.unlimited()));
                embedded.readers.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
                Ok(())
            }
        }
    }

    /// Waits until nothing comes any more of what the command has left running, as far as that is for this process to read.
    pub async fn left_behind(&self) {
        let Self::Embedded(embedded) = self else { return };
        let readers = std::mem::take(&mut *embedded.readers.lock().unwrap_or_else(PoisonError::into_inner));
        for reader in readers {
            // It ends in no other way than at the end of the pipe.
            let _ = reader.await;
        }
    }
}
