//! Runs inside another program: each on a thread of its own, steered and waited for by a handle.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use dogwrap::command_line::UsageError;
use dogwrap::run::Outcome;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::bindings::dogwrap::wrapper::signals;
use crate::component::{Host, Loaded, Loading, Used};
use crate::http::Connector;
use crate::invocation::Invocation;
use crate::job::{Job, Output};
use crate::messages::Fate;
use crate::policy::Policy;
use crate::process::{Embedded, Place, Received};
use crate::stdio::{self, Sink};
use crate::surroundings::Surroundings;
use crate::{run, words};

/// What all runs share: the rules, loaded and ready. Make it once; a clone is the same.
#[derive(Clone)]
pub struct Wrapper(Arc<Shared>);

struct Shared {
    component: Loaded,
    connector: Connector,
}

impl Wrapper {
    /// Loads the rules, which takes some milliseconds. The error says why that cannot be done.
    pub fn new() -> Result<Self, Error> {
        let component = Loading::begin(None).and_then(Loading::finish).map_err(Error::System)?;
        Ok(Self(Arc::new(Shared { component, connector: Connector::default() })))
    }

    /// Runs `job`, and waits for the end and the report of it: [`Wrapper::start`], and the result.
    ///
    /// The command goes on when this is dropped.
    pub async fn run(&self, job: Job) -> Result<Finished, Error> {
        self.start(job)?.await
    }

    /// Has `job` run on a thread of its own. The error is for a job that makes no sense, of which nothing is run, or for a
    /// thread that cannot be had.
    pub fn start(&self, job: Job) -> Result<Run, Error> {
        let invocation = Invocation::new(job.arguments().map_err(Error::Usage)?);
        let received = Arc::new(Received::default());
        let (tell, finished) = oneshot::channel();
        let work = {
            let (shared, received) = (Arc::clone(&self.0), Arc::clone(&received));
            move || supervise(&shared, invocation, job, received, tell)
        };
        thread::Builder::new().name("dogwrap".to_owned()).spawn(work).map_err(|error| Error::of_system(&error))?;
        Ok(Run { finished, signaller: Signaller(received) })
    }
}

/// What the thread of a run does: sees the run through, tells its result, and reads on what the command has left running.
fn supervise(
    shared: &Shared,
    invocation: Invocation,
    job: Job,
    received: Arc<Received>,
    tell: oneshot::Sender<Result<Finished, Error>>,
) {
    let runtime = match Builder::new_current_thread().enable_io().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(tell.send(Err(Error::of_system(&error)))),
    };
    let embedded = Embedded::new(job.environment, job.directory);
    let place = Arc::new(Place::Embedded(embedded));
    // That nobody waits for the result is no reason not to go on.
    let _ = tell.send(see_through(&runtime, shared, invocation, (job.outputs, received), &place));
    runtime.block_on(place.left_behind());
    // A look-up that hangs is not waited for.
    runtime.shutdown_background();
}

fn see_through(
    runtime: &Runtime,
    shared: &Shared,
    invocation: Invocation,
    (outputs, received): ([Output; 2], Arc<Received>),
    place: &Arc<Place>,
) -> Result<Finished, Error> {
    let policy = Arc::new(Policy::new(&invocation, |name| std::env::var(name).ok()));
    let sinks = sinks(outputs).map_err(|error| Error::of_system(&error))?;
    let surroundings = Surroundings::embedded(received, sinks, Arc::clone(place), shared.connector.clone());
    let host = Host::new(invocation, &policy, surroundings).map_err(|error| Error::of_system(&error))?;
    // Nothing of it is used afterwards.
    let run = AssertUnwindSafe(|| runtime.block_on(run::run(host, Ok(&shared.component))));
    let (host, status) =
        catch_unwind(run).map_err(|_| Error::System("the thread of the run has panicked".to_owned()))?;
    if let Some(command) = host.processes.command() {
        let _within = runtime.enter();
        // A second time does nothing.
        let _ = command.hand_over();
    }
    Ok(Finished::new(host, status))
}

fn sinks([stdout, stderr]: [Output; 2]) -> io::Result<[Sink; 2]> {
    let [own_stdout, own_stderr] = stdio::inherited()?;
    let sink = |output, inherited| match output {
        Output::Inherit => inherited,
        Output::Discard => Sink::Writer(Mutex::new(Box::new(io::sink()))),
        Output::To(writer) => Sink::Writer(Mutex::new(writer)),
    };
    Ok([sink(stdout, own_stdout), sink(stderr, own_stderr)])
}

/// A run that goes on: a future of its result, for any executor.
///
/// Dropping it changes nothing: the command runs on, and is reported. To end it, send [`Signal::Terminate`].
#[must_use = "nobody learns how it ends"]
pub struct Run {
    finished: oneshot::Receiver<Result<Finished, Error>>,
    signaller: Signaller,
}

impl Run {
    /// Sends `signal` to the command's process group. As [`Signaller::send`].
    pub fn signal(&self, signal: Signal) {
        self.signaller.send(signal);
    }

    /// What sends signals to the command while the run is waited for.
    pub fn signaller(&self) -> Signaller {
        self.signaller.clone()
    }

    /// Waits for the result, and blocks the calling thread for it.
    ///
    /// # Panics
    /// Within asynchronous code of tokio, which must not be blocked: await the run there.
    pub fn wait(self) -> Result<Finished, Error> {
        self.finished.blocking_recv().unwrap_or_else(|_| Err(Error::vanished()))
    }
}

impl Future for Run {
    type Output = Result<Finished, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.finished).poll(context).map(|told| told.unwrap_or_else(|_| Err(Error::vanished())))
    }
}

/// Sends signals to the command of a run, from wherever. A clone is for the same run.
#[derive(Clone)]
pub struct Signaller(Arc<Received>);

impl Signaller {
    /// Sends `signal` to the command's process group, as if the program `dogwrap` had been sent it.
    ///
    /// After `Terminate`, `Interrupt`, `Hangup` or `Quit` the run has `sigterm_timeout` to end until it is killed; a further
    /// `Interrupt` kills at once. The event is delivered all the same. Once the run is over, this does nothing.
    pub fn send(&self, signal: Signal) {
        self.0.push(match signal {
            Signal::Hangup => signals::Signal::Hangup,
            Signal::Interrupt => signals::Signal::Interrupt,
            Signal::Quit => signals::Signal::Quit,
            Signal::Terminate => signals::Signal::Terminate,
            Signal::User1 => signals::Signal::User1,
            Signal::User2 => signals::Signal::User2,
        });
    }
}

/// A signal that steers a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGHUP.
    Hangup,
    /// SIGINT.
    Interrupt,
    /// SIGQUIT.
    Quit,
    /// SIGTERM: the usual way to end a run.
    Terminate,
    /// SIGUSR1: a meaning that the command gives it.
    User1,
    /// SIGUSR2: a meaning that the command gives it.
    User2,
}

/// A run that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// How the command ended.
    pub outcome: Outcome,
    /// What the program `dogwrap` would end with: the command's own status, 128 + S when signal S ended it, 124 after a
    /// timeout, 127 or 126 when it could not be started.
    pub status: u8,
    /// How long the command ran. Zero when it could not be started.
    pub duration: Duration,
    /// What has become of the event.
    pub report: Report,
    /// What the program `dogwrap` would have said, a line each: for people, in no fixed words.
    pub messages: Vec<String>,
}

impl Finished {
    fn new(mut host: Used, status: u8) -> Self {
        let command = host.processes.command();
        let running = command.as_ref().map(|command| command.running());
        let outcome = command.map_or_else(|| host.processes.not_started(), |command| command.outcome());
        Self {
            outcome: host.processes.policy.outcome(status, outcome, running),
            status,
            duration: running.unwrap_or_default(),
            report: Report::of(host.messages.fate.as_ref()),
            messages: host.messages.take_collected(),
        }
    }
}

/// What has become of the event of a run, and of the metric with it. The texts say why, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// There was nothing to report: the rules say which runs are, see [`Job::submit_mode`].
    NotDue,
    /// Datadog has accepted it.
    Delivered,
    /// It could not be delivered and is kept: a later run delivers it, or `dogwrap --flush`.
    Kept(String),
    /// Datadog will never accept it. It is set aside, to be looked at.
    SetAside(String),
    /// It could neither be delivered nor kept.
    Lost(String),
}

impl Report {
    fn of(fate: Option<&Fate>) -> Self {
        match fate {
            Some(Fate::NotDue) => Self::NotDue,
            Some(Fate::Delivered) => Self::Delivered,
            Some(Fate::Kept(reason)) => Self::Kept(reason.clone()),
            Some(Fate::SetAside(reason)) => Self::SetAside(reason.clone()),
            Some(Fate::Lost(reason)) => Self::Lost(reason.clone()),
            None => Self::Lost("the component has not said what became of it".to_owned()),
        }
    }
}

/// Why there is no run, or no result of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The job makes no sense. Nothing was run.
    Usage(UsageError),
    /// Something that a run takes cannot be had, in words for people. The command was not started.
    System(String),
}

impl Error {
    fn of_system(error: &io::Error) -> Self {
        Self::System(words::of(error))
    }

    /// For a thread that is gone without a word: a defect.
    fn vanished() -> Self {
        Self::System("the thread of the run is gone".to_owned())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(UsageError { message, hint }) => write!(formatter, "{message}; {hint}"),
            Self::System(reason) => write!(formatter, "cannot run the command: {reason}"),
        }
    }
}

impl std::error::Error for Error {}
