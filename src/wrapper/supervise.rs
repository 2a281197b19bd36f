//! Supervising a command: its output is forwarded and captured as it comes, its end is seen when it happens, and its
//! limits of time are kept.
//!
//! Everything that can happen is waited for in one place. No step of this loop blocks, whatever the command prints and
//! however slowly our own readers take it.

use std::time::{Duration, Instant};

use wasi::clocks::monotonic_clock;
use wasi::io::poll::{Pollable, poll};

use super::bindings::dogwrap::wrapper::process::{Child, ExitStatus, SpawnError, SpawnOptions, spawn};
use super::bindings::dogwrap::wrapper::signals::{self, Signal};
use super::channel::Channel;
use super::held_back::HeldBack;
use crate::adapters::clock;
use crate::adapters::console::{Console, nanoseconds};
use crate::capture::Capture;
use crate::run::{Outcome, Run};
use crate::seconds::hundredths;
use crate::settings::{API_KEY_VARIABLES, Settings, TimeLimits};

/// The shell that runs commands, as dogwrap's.
const SHELL: &str = "/bin/sh";

/// What is left of a command when its supervision is over.
pub struct Supervised {
    pub run: Run,
    pub held_back: HeldBack,
    /// Whether the command had to be ended: its time was over, or a signal asked us to.
    pub cut_short: bool,
    /// The command's child resource, if something it left behind can still print.
    pub still_printing: Option<Child>,
}

/// Runs the command of `settings` until it has ended or is given up.
pub fn supervise(settings: &Settings, console: &mut Console) -> Supervised {
    let arguments = [b"-c".to_vec(), settings.reporting.command.clone()];
    let hidden: &[&str] = if settings.hide_api_key { API_KEY_VARIABLES } else { &[] };
    let options = SpawnOptions { unset_environment: hidden.iter().map(|name| (*name).to_owned()).collect() };
    match spawn(SHELL.as_bytes(), &arguments, &options) {
        Ok(child) => Supervision::new(child, settings, console).run(),
        Err(error) => not_started(&error, console),
    }
}

/// The run of a command that never was: its outcome is what a shell would give, and the event says why.
fn not_started(error: &SpawnError, console: &mut Console) -> Supervised {
    let (status, reason) = match error {
        SpawnError::NotFound => (127, "not found".to_owned()),
        SpawnError::NotExecutable => (126, "permission denied".to_owned()),
        SpawnError::ArgumentsTooLong => (126, "the command is too long".to_owned()),
        SpawnError::NotPermitted => (126, "the host does not permit this command".to_owned()),
        SpawnError::Other(reason) => (126, reason.clone()),
    };
    let message = format!("cannot start {SHELL}: {reason}");
    console.message(&message);
    let mut stderr = Capture::default();
    stderr.push(message.as_bytes());
    let run = Run {
        outcome: Outcome::NotStarted { status },
        duration: Some(Duration::ZERO),
        ended_at: clock::now().as_secs_f64(),
        stdout: Capture::default(),
        stderr,
        output_left_open: false,
        unseen: None,
    };
    Supervised { run, held_back: HeldBack::default(), cut_short: false, still_printing: None }
}

/// How far a run has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The command runs.
    Running,
    /// The command was told to end, since the given time.
    Terminating(Instant),
    /// The command was killed, at the given time.
    Killing(Instant),
    /// The command has ended. What it printed is read to its end.
    Draining,
    /// Nothing more is waited for.
    Over,
}

/// The end of a command.
struct End {
    status: ExitStatus,
    duration: Duration,
    at: f64,
}

/// What a wait was for.
#[derive(Clone, Copy)]
enum Wake {
    Stdout,
    Stderr,
    Writable,
    Exit,
    Group,
    Signal,
    Deadline,
}

struct Supervision<'a> {
    console: &'a mut Console,
    limits: TimeLimits,
    stdout: Channel,
    stderr: Channel,
    exit: Option<Pollable>,
    group: Option<Pollable>,
    signals: Pollable,
    /// When the present phase is over, and the timer for it.
    deadline: Option<(Instant, Pollable)>,
    phase: Phase,
    started: Instant,
    interrupts: u32,
    timed_out: bool,
    asked_to_end: bool,
    end: Option<End>,
    // After everything that is a child of it.
    child: Child,
}

impl<'a> Supervision<'a> {
    fn new(child: Child, settings: &Settings, console: &'a mut Console) -> Self {
        let channel = |stream: Result<_, ()>| Channel::new(stream.ok(), settings.buffer_outs);
        let mut supervision = Self {
            console,
            limits: settings.limits,
            stdout: channel(child.stdout()),
            stderr: channel(child.stderr()),
            exit: Some(child.subscribe()),
            group: None,
            signals: signals::subscribe(),
            deadline: None,
            phase: Phase::Running,
            started: Instant::now(),
            interrupts: 0,
            timed_out: false,
            asked_to_end: false,
            end: None,
            child,
        };
        supervision.set_deadline(settings.limits.timeout);
        supervision
    }

    fn run(mut self) -> Supervised {
        while !self.is_over() {
            for wake in self.wait() {
                match wake {
                    Wake::Stdout => self.stdout.read(&mut self.console.stdout),
                    Wake::Stderr => self.stderr.read(&mut self.console.stderr),
                    Wake::Writable => {
                        self.console.stdout.advance();
                        self.console.stderr.advance();
                    }
                    Wake::Exit => self.command_ended(),
                    Wake::Group => self.group_ended(),
                    Wake::Signal => self.forward_signals(),
                    Wake::Deadline => self.time_is_up(),
                }
            }
            self.console.report_loss();
        }
        self.finish()
    }

    fn is_over(&self) -> bool {
        let read = !self.stdout.is_open() && !self.stderr.is_open();
        self.phase == Phase::Over || (self.phase == Phase::Draining && read)
    }

    /// Waits until something happens, and returns what.
    fn wait(&self) -> Vec<Wake> {
        let mut waits: Vec<(Wake, &Pollable)> = Vec::with_capacity(8);
        let streams =
            [(Wake::Stdout, &self.stdout, &self.console.stdout), (Wake::Stderr, &self.stderr, &self.console.stderr)];
        for (wake, channel, sink) in streams {
            waits.extend(channel.pollable(sink, self.end.is_some()).map(|pollable| (wake, pollable)));
            if sink.backlog() > 0 {
                waits.push((Wake::Writable, sink.pollable()));
            }
        }
        waits.extend(self.exit.as_ref().map(|pollable| (Wake::Exit, pollable)));
        waits.extend(self.group.as_ref().map(|pollable| (Wake::Group, pollable)));
        waits.extend(self.deadline.as_ref().map(|(_, pollable)| (Wake::Deadline, pollable)));
        waits.push((Wake::Signal, &self.signals));
        let pollables: Vec<_> = waits.iter().map(|(_, pollable)| *pollable).collect();
        poll(&pollables).into_iter().map(|ready| waits[ready as usize].0).collect()
    }

    /// Enters a phase that lasts `limit` at most; without a limit, until something else ends it.
    fn enter(&mut self, phase: Phase, limit: Duration) {
        self.phase = phase;
        self.set_deadline(Some(limit));
    }

    fn set_deadline(&mut self, limit: Option<Duration>) {
        let deadline = limit.and_then(|limit| Some((Instant::now().checked_add(limit)?, limit)));
        self.deadline =
            deadline.map(|(deadline, limit)| (deadline, monotonic_clock::subscribe_duration(nanoseconds(limit))));
    }

    fn command_ended(&mut self) {
        let Some(status) = self.child.exit_status() else { return };
        self.exit = None;
        self.end = Some(End { status, duration: self.started.elapsed(), at: clock::now().as_secs_f64() });
        match self.phase {
            Phase::Running => self.enter(Phase::Draining, self.limits.drain_timeout),
            // It was told to end, and so was its whole group: the rest of it has the same time.
            _ => self.group = Some(self.child.subscribe_group()),
        }
    }

    fn group_ended(&mut self) {
        self.group = None;
        self.enter(Phase::Draining, self.limits.drain_timeout);
    }

    fn time_is_up(&mut self) {
        if self.deadline.as_ref().is_none_or(|(deadline, _)| Instant::now() < *deadline) {
            return;
        }
        match self.phase {
            Phase::Running => {
                self.timed_out = true;
                self.say(&format!(
                    "Command timed out after {}s, killing with SIGTERM",
                    hundredths(self.started.elapsed())
                ));
                self.child.signal(Signal::Terminate);
                self.terminating();
            }
            Phase::Terminating(since) => {
                self.say(&format!(
                    "SIGTERM timeout failed after {}s, killing with SIGKILL",
                    hundredths(since.elapsed())
                ));
                self.kill();
            }
            Phase::Killing(since) => {
                self.say(&format!("SIGKILL timeout failed after {}s, exiting", hundredths(since.elapsed())));
                self.phase = Phase::Over;
            }
            Phase::Draining | Phase::Over => self.phase = Phase::Over,
        }
    }

    fn terminating(&mut self) {
        self.enter(Phase::Terminating(Instant::now()), self.limits.sigterm_timeout);
    }

    fn kill(&mut self) {
        self.child.signal(Signal::Kill);
        self.enter(Phase::Killing(Instant::now()), self.limits.sigkill_timeout);
    }

    fn forward_signals(&mut self) {
        while let Some(signal) = signals::receive() {
            let asks_to_end = signal.asks_to_end();
            self.asked_to_end |= asks_to_end;
            if self.phase == Phase::Draining && asks_to_end {
                self.phase = Phase::Over;
                continue;
            }
            self.child.signal(signal);
            self.interrupts += u32::from(signal == Signal::Interrupt);
            if self.interrupts > 1 && !matches!(self.phase, Phase::Killing(_)) {
                self.kill();
            } else if asks_to_end && self.phase == Phase::Running {
                self.terminating();
            }
        }
    }

    /// Says what is done to the command, in dogwrap's words.
    fn say(&mut self, message: &str) {
        self.console.stderr.accept(format!("{message}\n").as_bytes());
    }

    fn finish(self) -> Supervised {
        let still_printing = self.stdout.is_open() || self.stderr.is_open();
        // Of a command that was given up nothing more is claimed.
        let output_left_open = still_printing && self.end.is_some();
        let end = self.end.unwrap_or_else(|| End {
            // Given up: SIGKILL is the last that was done to it.
            status: ExitStatus::Signaled(9),
            duration: self.started.elapsed(),
            at: clock::now().as_secs_f64(),
        });
        let outcome = match end.status {
            _ if self.timed_out => Outcome::TimedOut,
            ExitStatus::Exited(status) => Outcome::Exited(status),
            ExitStatus::Signaled(signal) => Outcome::Signaled(signal),
        };
        let (stdout, stderr) = (self.stdout, self.stderr);
        Supervised {
            run: Run {
                outcome,
                duration: Some(end.duration),
                ended_at: end.at,
                stdout: stdout.capture,
                stderr: stderr.capture,
                output_left_open,
                unseen: None,
            },
            held_back: HeldBack { stdout: stdout.store.unwrap_or_default(), stderr: stderr.store.unwrap_or_default() },
            cut_short: self.timed_out || self.asked_to_end,
            still_printing: still_printing.then_some(self.child),
        }
    }
}
