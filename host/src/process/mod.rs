//! The capability `process`: one command, its output, its end, and the signals that steer it.

mod child;
mod group;
mod output;
mod place;
pub mod signals;
mod terminal;

use std::future::Future;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use dogwrap::run::Outcome;
use nix::errno::Errno;
use tokio::sync::watch;
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{DynInputStream, DynPollable, Pollable, subscribe};

use crate::bindings::dogwrap::wrapper::process::{
    ExitStatus, Host, HostChild, ResourceUsage, SpawnError, SpawnOptions,
};
use crate::bindings::dogwrap::wrapper::signals::{Host as SignalsHost, Signal};
use crate::bindings::dogwrap::wrapper::{invocation, machine};
use crate::flow::Flow;
use crate::invocation::Invocation;
use crate::policy::{Policy, SHELL};
use crate::stdio::Output;
use crate::words;

pub use child::Supervised;
use output::Stream;
pub use output::pass_on;
pub use place::{Embedded, Place};
pub use signals::Received;
pub use terminal::Terminal;

/// The WIT resource `child`: a share of the command, and its streams until they are taken.
pub struct Child {
    supervised: Arc<Supervised>,
    stdout: Option<Stream>,
    stderr: Option<Stream>,
}

/// How far the start of the command has come.
#[derive(Default)]
pub enum Start {
    #[default]
    NotTried,
    Done(Arc<Supervised>),
    /// It could not be started.
    Failed(Outcome),
}

/// What the host keeps of the capability, for as long as the component runs.
pub struct Processes {
    pub invocation: Invocation,
    pub policy: Arc<Policy>,
    place: Arc<Place>,
    /// Where the component writes what the command prints.
    outputs: [Output; 2],
    /// How much of the command's output is read.
    flow: Arc<Flow>,
    /// The one command.
    pub start: watch::Sender<Start>,
    pub received: Arc<Received>,
}

impl Processes {
    /// What is to be started in `place`, steered by what is `received`. `outputs` are what the component writes to.
    pub fn new(
        invocation: Invocation,
        policy: Arc<Policy>,
        place: Arc<Place>,
        received: Arc<Received>,
        outputs: [Output; 2],
        flow: &Arc<Flow>,
    ) -> Self {
        Self { invocation, policy, place, outputs, flow: Arc::clone(flow), start: watch::Sender::default(), received }
    }

    /// The command, if it was started.
    pub fn command(&self) -> Option<Arc<Supervised>> {
        match &*self.start.borrow() {
            Start::Done(command) => Some(Arc::clone(command)),
            Start::NotTried | Start::Failed(_) => None,
        }
    }

    /// What became of a command that could not be started.
    pub fn not_started(&self) -> Option<Outcome> {
        match &*self.start.borrow() {
            Start::Failed(outcome) => Some(outcome.clone()),
            Start::NotTried | Start::Done(_) => None,
        }
    }

    /// Starts the command that is asked for, if any.
    pub fn start(&mut self) -> Result<Child, SpawnError> {
        let Some(asked_for) = &self.policy.command else { return Err(SpawnError::NotPermitted) };
        let mut command = std::process::Command::new(std::ffi::OsStr::from_bytes(SHELL));
        command.arg("-c").arg(std::ffi::OsStr::from_bytes(&asked_for.line));
        asked_for.hidden.iter().for_each(|name| {
            command.env_remove(name);
        });
        match child::start(command, &self.place, self.outputs.clone(), &self.flow) {
            Ok(child) => {
                self.start.send_replace(Start::Done(Arc::clone(&child.supervised)));
                Ok(child)
            }
            Err(error) => {
                let error = spawn_error(&error);
                let status = if matches!(error, SpawnError::NotFound) { 127 } else { 126 };
                self.start.send_replace(Start::Failed(Outcome::NotStarted { status }));
                Err(error)
            }
        }
    }
}

/// A short borrow of the store: what a call of the component works on.
pub struct ProcessView<'a> {
    pub processes: &'a mut Processes,
    pub table: &'a mut ResourceTable,
}

/// Something that a pollable waits for, without an end of its own.
struct Wait<F>(F);

#[async_trait]
impl<F, T> Pollable for Wait<F>
where
    F: FnMut() -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    async fn ready(&mut self) {
        (self.0)().await;
    }
}

impl ProcessView<'_> {
    fn subscribe<F, T>(&mut self, wait: F) -> wasmtime::Result<Resource<DynPollable>>
    where
        F: FnMut() -> T + Send + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let wait = self.table.push(Wait(wait))?;
        subscribe(self.table, wait)
    }

    fn supervised(&self, child: &Resource<Child>) -> wasmtime::Result<Arc<Supervised>> {
        Ok(Arc::clone(&self.table.get(child)?.supervised))
    }

    fn stream(
        &mut self,
        child: &Resource<Child>,
        stream: Option<Stream>,
    ) -> wasmtime::Result<Result<Resource<DynInputStream>, ()>> {
        let Some(stream) = stream else { return Ok(Err(())) };
        let stream: DynInputStream = Box::new(stream);
        Ok(Ok(self.table.push_child(stream, child)?))
    }
}

impl invocation::Host for ProcessView<'_> {
    fn arguments(&mut self) -> wasmtime::Result<Vec<Vec<u8>>> {
        Ok(self.processes.invocation.arguments.clone())
    }

    fn read_key_file(&mut self) -> wasmtime::Result<Option<Result<Vec<u8>, String>>> {
        Ok(self.processes.invocation.read_key_file())
    }
}

impl machine::Host for ProcessView<'_> {
    async fn look_up_name(&mut self) -> wasmtime::Result<machine::NameSources> {
        Ok(crate::machine::name_sources().await)
    }
}

impl SignalsHost for ProcessView<'_> {
    fn receive(&mut self) -> wasmtime::Result<Option<Signal>> {
        Ok(self.processes.received.take())
    }

    fn subscribe(&mut self) -> wasmtime::Result<Resource<DynPollable>> {
        let received = Arc::clone(&self.processes.received);
        ProcessView::subscribe(self, move || Arc::clone(&received).any())
    }
}

impl Host for ProcessView<'_> {
    fn spawn(
        &mut self,
        program: Vec<u8>,
        arguments: Vec<Vec<u8>>,
        options: SpawnOptions,
    ) -> wasmtime::Result<Result<Resource<Child>, SpawnError>> {
        let processes = &mut *self.processes;
        let is_permitted = processes.policy.permits_command(&program, &arguments, &options.unset_environment);
        // One attempt is all there is: what failed once is not made to fail again and again.
        if !is_permitted || !matches!(*processes.start.borrow(), Start::NotTried) {
            return Ok(Err(SpawnError::NotPermitted));
        }
        Ok(match processes.start() {
            Ok(child) => Ok(self.table.push(child)?),
            Err(error) => Err(error),
        })
    }
}

fn spawn_error(error: &io::Error) -> SpawnError {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOENT | Errno::ENOTDIR) => SpawnError::NotFound,
        Some(Errno::EACCES | Errno::ENOEXEC) => SpawnError::NotExecutable,
        Some(Errno::E2BIG) => SpawnError::ArgumentsTooLong,
        _ => SpawnError::Other(words::of(error)),
    }
}

impl HostChild for ProcessView<'_> {
    fn stdout(&mut self, child: Resource<Child>) -> wasmtime::Result<Result<Resource<DynInputStream>, ()>> {
        let stream = self.table.get_mut(&child)?.stdout.take();
        self.stream(&child, stream)
    }

    fn stderr(&mut self, child: Resource<Child>) -> wasmtime::Result<Result<Resource<DynInputStream>, ()>> {
        let stream = self.table.get_mut(&child)?.stderr.take();
        self.stream(&child, stream)
    }

    fn subscribe(&mut self, child: Resource<Child>) -> wasmtime::Result<Resource<DynPollable>> {
        let supervised = self.supervised(&child)?;
        ProcessView::subscribe(self, move || Arc::clone(&supervised).ended())
    }

    fn exit_status(&mut self, child: Resource<Child>) -> wasmtime::Result<Option<ExitStatus>> {
        Ok(self.supervised(&child)?.exit_status())
    }

    fn subscribe_group(&mut self, child: Resource<Child>) -> wasmtime::Result<Resource<DynPollable>> {
        let supervised = self.supervised(&child)?;
        ProcessView::subscribe(self, move || Arc::clone(&supervised).group_ended())
    }

    fn resource_usage(&mut self, child: Resource<Child>) -> wasmtime::Result<Option<ResourceUsage>> {
        Ok(self.supervised(&child)?.resource_usage())
    }

    fn signal(&mut self, child: Resource<Child>, signal: Signal) -> wasmtime::Result<()> {
        let command = self.supervised(&child)?;
        let Processes { policy, received, .. } = &*self.processes;
        if !policy.permits_signal(signals::number(signal), command.running(), &received.seen()) {
            return Err(wasmtime::Error::msg("it wanted to end the command, for which nobody has asked"));
        }
        command.signal(signal);
        Ok(())
    }

    fn hand_over(&mut self, child: Resource<Child>) -> wasmtime::Result<Result<(), String>> {
        Ok(self.supervised(&child)?.hand_over().map_err(|error| words::of(&error)))
    }

    fn drop(&mut self, child: Resource<Child>) -> wasmtime::Result<()> {
        self.table.delete(child)?;
        Ok(())
    }
}
