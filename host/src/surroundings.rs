//! Where a run takes place: as the program `dogwrap`, which has its process to itself, or inside another program.
//!
//! This is the one value in which the two differ. All of it is about things that a process has once.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::stat::{Mode, umask};

use crate::http::Connector;
use crate::messages::Messages;
use crate::process::{Place, Received, Terminal};
use crate::stdio::{self, Sink};

/// How long a program that embeds us may take nothing of the output before it gets no more of it: a command waits for
/// nobody for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a run gets from the process around it.
pub struct Surroundings {
    /// The signals that steer the run.
    pub received: Arc<Received>,
    /// Where standard output and standard error go.
    pub outputs: [Sink; 2],
    /// How long an output may take nothing until it is given up; for ever, if none.
    pub patience: Option<Duration>,
    /// Where goes what is said to people.
    pub messages: Messages,
    /// What starts the command, waits for it, and takes care of what it leaves behind.
    pub place: Arc<Place>,
    /// What secure connections share.
    pub connector: Connector,
    /// Whether files are made for their owner alone; otherwise the directories that they are in have to be.
    pub files_are_private: bool,
}

impl Surroundings {
    /// Those of the program `dogwrap`: begins to receive the signals that are sent to the process. `terminal` is our
    /// standard input, when it is one.
    pub fn of_program(terminal: Option<Terminal>) -> io::Result<Self> {
        let outputs = stdio::inherited()?;
        let received = Received::listen()?;
        // What this process makes from here on is for its user alone.
        let inherited_umask = umask(Mode::from_bits_truncate(0o077));
        Ok(Self {
            received,
            outputs,
            patience: None,
            messages: Messages::on_standard_error(),
            place: Arc::new(Place::Program { inherited_umask, terminal }),
            connector: Connector::default(),
            files_are_private: true,
        })
    }

    /// Those inside another program, which steers the run by `received` and has chosen `outputs`.
    pub fn embedded(received: Arc<Received>, outputs: [Sink; 2], place: Arc<Place>, connector: Connector) -> Self {
        Self {
            received,
            outputs,
            patience: Some(PATIENCE),
            messages: Messages::collected(),
            place,
            connector,
            files_are_private: false,
        }
    }
}
