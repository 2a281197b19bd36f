//! One command: started, waited for, signalled.

use std::io::{self, pipe};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use dogwrap::run::Outcome;
use nix::errno::Errno;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::killpg;
use nix::sys::stat::{Mode, umask};
use nix::sys::time::TimeVal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::output::{Pipe, Stream};
use super::terminal::Terminal;
use super::{Child, group, signals};
use crate::bindings::dogwrap::wrapper::process::{ExitStatus, ResourceUsage};
use crate::bindings::dogwrap::wrapper::signals::Signal;
use crate::flow::Flow;
use crate::stdio::Output;

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
    terminal: Option<Arc<Terminal>>,
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

impl End {
    /// What is known of a command that has just been waited for.
    fn now(status: ExitStatus, started_at: Instant) -> Self {
        Self { status, usage: usage(), duration: started_at.elapsed(), at: SystemTime::now() }
    }
}

/// Starts `command` as the leader of a process group, with pipes for its output.
///
/// What it prints is to reach `outputs` before we stop together with it. It makes its files with `inherited_umask`.
pub fn start(
    mut command: Command,
    terminal: Option<Arc<Terminal>>,
    outputs: [Output; 2],
    inherited_umask: Mode,
    flow: &Arc<Flow>,
) -> io::Result<Child> {
    let (stdout, stdout_of_child) = pipe()?;
    let (stderr, stderr_of_child) = pipe()?;
    let (stdout, stderr) = (Pipe::new(stdout)?, Pipe::new(stderr)?);
    command.stdout(stdout_of_child).stderr(stderr_of_child).process_group(0);
    if let Some(terminal) = &terminal {
        terminal.prepare(&mut command);
    }
    // Before the command can end, so that its end is not missed.
    let mut child_signals = signal(SignalKind::child())?;
    let ours = umask(inherited_umask);
    let started_at = Instant::now();
    let started = command.spawn();
    umask(ours);
    let started = started?;
    // Drops our copies of the ends that the child writes to: or the pipes would never end.
    drop(command);
    let pid = Pid::from_raw(i32::try_from(started.id()).map_err(io::Error::other)?);
    let (tell, ended) = watch::channel(None);
    let waiting_terminal = terminal.clone();
    let pipes = [stdout.clone(), stderr.clone()];
    tokio::spawn(async move {
        loop {
            match waitpid(pid, Some(WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED)) {
                Ok(WaitStatus::Stopped(..)) => {
                    if let Some(terminal) = &waiting_terminal {
                        // The bound is for a reader of ours that takes nothing.
                        let _ = tokio::time::timeout(PATIENCE_BEFORE_STOP, all_shown(&pipes, &outputs)).await;
                        terminal.stop_with(pid);
                    }
                    continue;
                }
                Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => {}
                Ok(status) => {
                    if let Some(status) = exit_status(status) {
                        tell.send_replace(Some(End::now(status, started_at)));
                        return;
                    }
                }
                // Somebody else has waited for it, so how it ended cannot be known: no reason to call it a success.
                Err(_) => {
                    tell.send_replace(Some(End::now(ExitStatus::Exited(UNKNOWN), started_at)));
                    return;
                }
            }
            if child_signals.recv().await.is_none() {
                return;
            }
        }
    });
    let (stdout_stream, stderr_stream) = (Stream::new(&stdout, flow), Stream::new(&stderr, flow));
    let supervised = Arc::new(Supervised { pid, started_at, ended, stdout, stderr, terminal });
    Ok(Child { supervised, stdout: Some(stdout_stream), stderr: Some(stderr_stream) })
}

/// Waits until everything printed so far is where it belongs, such as a question before its answer is read.
async fn all_shown(pipes: &[Pipe; 2], outputs: &[Output; 2]) {
    for pipe in pipes {
        pipe.drained().await;
    }
    for output in outputs {
        output.settled().await;
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

/// What all the children that were waited for have used: the command is the only one.
fn usage() -> ResourceUsage {
    let nanoseconds = |time: TimeVal| {
        let microseconds = time.tv_sec().saturating_mul(1_000_000).saturating_add(time.tv_usec());
        u64::try_from(microseconds).unwrap_or(0).saturating_mul(1000)
    };
    match getrusage(UsageWho::RUSAGE_CHILDREN) {
        Ok(usage) => ResourceUsage {
            user_time: nanoseconds(usage.user_time()),
            system_time: nanoseconds(usage.system_time()),
            maximum_resident_set: u64::try_from(usage.max_rss()).unwrap_or(0) * RSS_UNIT,
        },
        Err(_) => ResourceUsage { user_time: 0, system_time: 0, maximum_resident_set: 0 },
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
        group::ended(self.pid).await;
    }

    /// Sends `signal` to the command's group. That nobody is left in it is no error.
    pub fn signal(&self, signal: Signal) {
        let asks_to_end = signals::asks_to_end(signal);
        if asks_to_end {
            group::adopt_orphans();
        }
        let _ = killpg(self.pid, signals::number(signal));
        if asks_to_end {
            // A group that is stopped would not notice, unless it is killed.
            let _ = killpg(self.pid, nix::sys::signal::Signal::SIGCONT);
        }
    }

    /// Hands what is left in the pipes to processes that forward it. A second call does nothing.
    pub fn hand_over(&self) -> io::Result<()> {
        self.stdout.hand_over(io::stdout())?;
        self.stderr.hand_over(io::stderr())
    }

    /// Gives the terminal back to whoever had it before the command. Does not return when an interrupt typed there
    /// ended the command: then we end by it, too.
    pub fn release_terminal(&self) {
        if let Some(terminal) = &self.terminal
            && terminal.take_back(self.pid)
            && matches!(self.exit_status(), Some(ExitStatus::Signaled(number)) if i32::from(number) == INTERRUPT)
        {
            terminal.interrupt_own_group();
        }
    }
}
