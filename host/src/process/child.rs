//! One command: started, waited for, signalled.

use std::io::{self, pipe};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant, SystemTime};

use dogwrap::run::Outcome;
use nix::errno::Errno;
use nix::libc;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::killpg;
use nix::sys::time::{TimeVal, TimeValLike};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use tokio::signal::unix::Signal as Signals;
use tokio::sync::watch;

use super::output::{Pipe, Stream};
use super::place::Place;
use super::{Child, group, signals};
use crate::bindings::dogwrap::wrapper::process::{ExitStatus, ResourceUsage};
use crate::bindings::dogwrap::wrapper::signals::Signal;
use crate::flow::Flow;
use crate::stdio::Output;
use crate::unchecked;

/// How long we let the command be stopped without us for its output to be shown.
const PATIENCE_BEFORE_STOP: Duration = Duration::from_millis(200);

/// The status of a command of which nobody knows how it ended, as a shell's `wait` gives it.
const UNKNOWN: u8 = 127;

/// A command that runs, or has run.
pub struct Supervised {
    pid: Pid,
    started_at: Instant,
    ended: watch::Receiver<Option<End>>,
    stdout: Pipe,
    stderr: Pipe,
    /// Where the command's output goes.
    outputs: [Output; 2],
    place: Arc<Place>,
}

/// What is known of a command that has ended.
#[derive(Clone, Copy)]
struct End {
    status: ExitStatus,
    usage: ResourceUsage,
    /// From its start.
    duration: Duration,
    at: SystemTime,
}

/// Starts `command` as the leader of a process group, with pipes for its output.
///
/// What it prints is to reach `outputs` before we stop together with it.
pub fn start(mut command: Command, place: &Arc<Place>, outputs: [Output; 2], flow: &Arc<Flow>) -> io::Result<Child> {
    let (stdout, stdout_of_child) = pipe()?;
    let (stderr, stderr_of_child) = pipe()?;
    let (stdout, stderr) = (Pipe::new(stdout)?, Pipe::new(stderr)?);
    command.stdout(stdout_of_child).stderr(stderr_of_child).process_group(0);
    place.prepare(&mut command);
    // Before the command can end, so that its end is not missed.
    let waiter = Waiter::new(place)?;
    let started_at = Instant::now();
    let started = place.spawn(&mut command)?;
    // Drops our copies of the ends that the child writes to: or the pipes would never end.
    drop(command);
    let pid = Pid::from_raw(i32::try_from(started.id()).map_err(io::Error::other)?);
    let (tell, ended) = watch::channel(None);
    let streams = [Stream::new(&stdout, flow), Stream::new(&stderr, flow)];
    let supervised = Arc::new(Supervised { pid, started_at, ended, stdout, stderr, outputs, place: Arc::clone(place) });
    match waiter {
        Waiter::Signals(signals) => {
            tokio::spawn(wait_with_signals(Waiting { pid, started_at, tell }, signals, Arc::clone(&supervised)));
        }
        // The thread waits for nothing else.
        Waiter::Thread(thread) => drop(thread.send(Waiting { pid, started_at, tell })),
    }
    let [stdout, stderr] = streams;
    Ok(Child { supervised, stdout: Some(stdout), stderr: Some(stderr) })
}

/// What waits for the end of a command.
enum Waiter {
    /// Whatever these signals say that something has become of a child.
    Signals(Signals),
    /// A thread.
    Thread(mpsc::Sender<Waiting>),
}

impl Waiter {
    fn new(place: &Place) -> io::Result<Self> {
        Ok(match place.child_signals()? {
            Some(signals) => Self::Signals(signals),
            None => {
                let (thread, command) = mpsc::channel();
                let wait = move || command.into_iter().for_each(wait_for);
                std::thread::Builder::new().name("wait".to_owned()).stack_size(64 * 1024).spawn(wait)?;
                Self::Thread(thread)
            }
        })
    }
}

/// A command whose end is waited for.
struct Waiting {
    pid: Pid,
    started_at: Instant,
    tell: watch::Sender<Option<End>>,
}

impl Waiting {
    fn tell(&self, status: ExitStatus, usage: ResourceUsage) {
        let duration = self.started_at.elapsed();
        self.tell.send_replace(Some(End { status, usage, duration, at: SystemTime::now() }));
    }
}

/// Waits whenever one of `child_signals` says that something has become of a child. We stop together with the command.
async fn wait_with_signals(waiting: Waiting, mut child_signals: Signals, command: Arc<Supervised>) {
    loop {
        match waitpid(waiting.pid, Some(WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED)) {
            Ok(WaitStatus::Stopped(..)) => {
                if let Some(terminal) = command.place.terminal() {
                    // The bound is for a reader of ours that takes nothing.
                    let _ = tokio::time::timeout(PATIENCE_BEFORE_STOP, command.all_shown()).await;
                    terminal.stop_with(waiting.pid);
                }
                continue;
            }
            Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => {}
            Ok(status) => {
                if let Some(status) = exit_status(status) {
                    // The command is the only child.
                    let usage = getrusage(UsageWho::RUSAGE_CHILDREN);
                    return waiting.tell(status, usage.map_or(NOTHING_USED, |usage| resource_usage(usage.as_ref())));
                }
            }
            // Somebody else has waited for it, so how it ended cannot be known: no reason to call it a success.
            Err(_) => return waiting.tell(ExitStatus::Exited(UNKNOWN), NOTHING_USED),
        }
        if child_signals.recv().await.is_none() {
            return;
        }
    }
}

/// Waits for this child alone, and without a signal: the process is one in which others have children, too.
fn wait_for(waiting: Waiting) {
    loop {
        match unchecked::wait_for(waiting.pid) {
            Err(Errno::EINTR) => {}
            // As above.
            Err(_) => return waiting.tell(ExitStatus::Exited(UNKNOWN), NOTHING_USED),
            Ok((status, usage)) => {
                if let Some(status) = exit_status(status) {
                    return waiting.tell(status, resource_usage(&usage));
                }
            }
        }
    }
}

fn exit_status(status: WaitStatus) -> Option<ExitStatus> {
    match status {
        WaitStatus::Exited(_, status) => Some(ExitStatus::Exited(u8::try_from(status).unwrap_or(u8::MAX))),
        WaitStatus::Signaled(_, signal, _) => {
            Some(ExitStatus::Signaled(u8::try_from(signal as i32).unwrap_or(u8::MAX)))
        }
        _ => None,
    }
}

const NOTHING_USED: ResourceUsage = ResourceUsage { user_time: 0, system_time: 0, maximum_resident_set: 0 };

fn resource_usage(usage: &libc::rusage) -> ResourceUsage {
    let nanoseconds = |time: libc::timeval| u64::try_from(TimeVal::from(time).num_nanoseconds()).unwrap_or(0);
    ResourceUsage {
        user_time: nanoseconds(usage.ru_utime),
        system_time: nanoseconds(usage.ru_stime),
        maximum_resident_set: u64::try_from(usage.ru_maxrss).unwrap_or(0) * RSS_UNIT,
    }
}

/// The number of the signal that the interrupt character sends.
const INTERRUPT: i32 = nix::sys::signal::Signal::SIGINT as i32;

/// What the kernel counts the largest resident set in, in bytes.
const RSS_UNIT: u64 = if cfg!(target_vendor = "apple") { 1 } else { 1024 };

impl Supervised {
    /// How the command ended, once it has.
    pub fn exit_status(&self) -> Option<ExitStatus> {
        self.ended.borrow().map(|end| end.status)
    }

    /// The streams of what the command prints from now on, for whoever stands in for the component.
    pub fn streams(&self) -> [Stream; 2] {
        [&self.stdout, &self.stderr].map(|pipe| Stream::new(pipe, &Arc::default()))
    }

    pub fn started_at(&self) -> Instant {
        self.started_at
    }

    /// For how long the command has run, or ran until it ended.
    pub fn running(&self) -> Duration {
        self.ended.borrow().map_or_else(|| self.started_at.elapsed(), |end| end.duration)
    }

    /// When the command has ended, once it has.
    pub fn ended_at(&self) -> Option<SystemTime> {
        self.ended.borrow().map(|end| end.at)
    }

    /// Waits until something that the command has printed can be read.
    pub async fn has_printed(&self) {
        tokio::select! {
            () = self.stdout.has_content() => {}
            () = self.stderr.has_content() => {}
        }
    }

    /// Whether something that the command has printed has not been read.
    pub fn has_unread(&self) -> bool {
        !(self.stdout.is_empty() && self.stderr.is_empty())
    }

    /// How the command ended, once it has, as the rules have it.
    pub fn outcome(&self) -> Option<Outcome> {
        self.exit_status().map(|status| match status {
            ExitStatus::Exited(status) => Outcome::Exited(status),
            ExitStatus::Signaled(signal) => Outcome::Signaled(signal),
        })
    }

    /// What the command used, once it has ended.
    pub fn resource_usage(&self) -> Option<ResourceUsage> {
        self.ended.borrow().map(|end| end.usage)
    }

    /// Waits for the end of the command.
    pub async fn ended(self: Arc<Self>) {
        // It can only fail when the task that waits is gone, and with it everything else.
        let _ = self.ended.clone().wait_for(Option::is_some).await;
    }

    /// Waits until nothing is left of the command's group.
    pub async fn group_ended(self: Arc<Self>) {
        Arc::clone(&self).ended().await;
        // Without the signals the group is looked at from time to time.
        group::ended(self.pid, self.place.child_signals().ok().flatten()).await;
    }

    /// Sends `signal` to the command's group. That nobody is left in it is no error.
    pub fn signal(&self, signal: Signal) {
        let asks_to_end = signals::asks_to_end(signal);
        if asks_to_end {
            self.place.adopt_orphans();
        }
        let _ = killpg(self.pid, signals::number(signal));
        if asks_to_end {
            // A group that is stopped would not notice, unless it is killed.
            let _ = killpg(self.pid, nix::sys::signal::Signal::SIGCONT);
        }
    }

    /// Waits until everything printed so far is where it belongs, such as a question before its answer is read.
    async fn all_shown(&self) {
        self.stdout.drained().await;
        self.stderr.drained().await;
        for output in &self.outputs {
            output.settled().await;
        }
    }

    /// Hands what is left in the pipes to whoever forwards it. A second call does nothing.
    pub fn hand_over(&self) -> io::Result<()> {
        let [stdout, stderr] = &self.outputs;
        for (pipe, output) in [(&self.stdout, stdout), (&self.stderr, stderr)] {
            if let Some(rest) = pipe.take() {
                self.place.hand_over(&rest, output)?;
            }
        }
        Ok(())
    }

    /// Gives the terminal back to whoever had it before the command. Does not return when an interrupt typed there
    /// ended the command: then we end by it, too.
    pub fn release_terminal(&self) {
        if let Some(terminal) = self.place.terminal()
            && terminal.take_back(self.pid)
            && matches!(self.exit_status(), Some(ExitStatus::Signaled(number)) if i32::from(number) == INTERRUPT)
        {
            terminal.interrupt_own_group();
        }
    }
}
