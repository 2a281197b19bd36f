//! Whether the component does its work: it neither computes for ever, nor leaves the command waiting, nor goes on when
//! there is nothing left to do.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch::Receiver;
use tokio::time::{sleep, timeout};
use wasmtime::{Engine, Store, UpdateDeadline};

use crate::flow::Flow;
use crate::policy::limits::{COMPUTING_TIME, OWN_WORDS, TIME_TO_START, UNREAD_TIME};
use crate::process::{Received, Start, Supervised};
use crate::stdio::Output;

/// How many steps of processor time the component may compute for.
const STEPS: u32 = 2;

/// Stops what computes in `store` for too long, by what `flow` tells of it.
///
/// A thread counts steps of this program's processor time: so a machine that is busy with others is no reason to stop
/// anything, and a program that waits is not woken for it.
pub fn limit_computing<T>(engine: &Engine, store: &mut Store<T>, flow: Arc<Flow>) {
    let ticking = engine.clone();
    let count = move || {
        loop {
            wait_for_processor_time(COMPUTING_TIME / STEPS);
            ticking.increment_epoch();
        }
    };
    // Without the thread nothing is stopped; the command is no worse off.
    let _ = std::thread::Builder::new().name("watch".to_owned()).stack_size(64 * 1024).spawn(count);
    let (mut seen, mut steps) = (None, 0);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        let progress = flow.progress();
        steps = if seen.replace(progress) == Some(progress) { steps + 1 } else { 0 };
        Ok(if steps < STEPS { UpdateDeadline::Continue(1) } else { UpdateDeadline::Interrupt })
    });
}

/// Waits until this program has used so much more of the processors.
#[cfg(target_os = "linux")]
fn wait_for_processor_time(time: Duration) {
    use nix::errno::Errno;
    use nix::sys::time::TimeSpec;
    use nix::time::{ClockId, ClockNanosleepFlags, clock_nanosleep};

    let clock = ClockId::CLOCK_PROCESS_CPUTIME_ID;
    while let Err(error) = clock_nanosleep(clock, ClockNanosleepFlags::empty(), &TimeSpec::from(time)) {
        if error != Errno::EINTR {
            return sleep_instead(time);
        }
    }
}

/// Where there is no such clock, time that passes has to do.
#[cfg(not(target_os = "linux"))]
fn wait_for_processor_time(time: Duration) {
    sleep_instead(time);
}

fn sleep_instead(time: Duration) {
    std::thread::sleep(time);
}

/// What is seen of the component from outside while it runs.
pub struct Watch {
    pub flow: Arc<Flow>,
    pub start: Receiver<Start>,
    pub received: Arc<Received>,
    pub outputs: [Output; 2],
    /// Whether there is a command to run.
    pub has_command: bool,
    /// How long the component may take when it is over.
    pub time_to_finish: Duration,
}

impl Watch {
    /// Waits until the component does not do its work, if ever. Returns why, for people.
    pub async fn overdue(mut self) -> String {
        if !self.has_command {
            self.received.has_asked_to_end().await;
            self.idle(self.time_to_finish).await;
            return "it was asked to end, and goes on".to_owned();
        }
        let tried = timeout(TIME_TO_START, self.start.wait_for(|start| !matches!(start, Start::NotTried))).await;
        let command = match tried.as_ref().map(|start| start.as_deref()) {
            Ok(Ok(Start::Done(command))) => Some(Arc::clone(command)),
            Ok(Ok(Start::Failed(_))) => None,
            _ => return format!("it has not started the command within {} s", TIME_TO_START.as_secs()),
        };
        drop(tried);
        if let Some(command) = command {
            tokio::select! {
                () = self.leaves_unread(&command) => return "it does not read what the command prints".to_owned(),
                () = Arc::clone(&command).ended() => {}
            }
        }
        self.idle(self.time_to_finish).await;
        format!("it has not ended within {} s of the command", self.time_to_finish.as_secs())
    }

    /// Waits until something has been left unread for so long that nothing but the component can be the reason.
    async fn leaves_unread(&self, command: &Supervised) {
        let mut seen = None;
        loop {
            command.has_printed().await;
            // Seen twice: if this program was stopped for a while, the component has not had its turn yet.
            sleep(UNREAD_TIME / 2).await;
            let lies = command.has_unread() && self.outputs.iter().all(Output::is_settled);
            let read = self.flow.read();
            if lies && seen == Some(read) {
                return;
            }
            seen = lies.then_some(read);
        }
    }

    /// Waits until the component has had `time`, in which nobody was slow to take what it writes, and has written no more
    /// than it has words of its own.
    async fn idle(&self, time: Duration) {
        loop {
            let written = self.flow.written();
            sleep(time).await;
            if self.outputs.iter().all(Output::is_settled) && self.flow.written() - written <= OWN_WORDS {
                return;
            }
        }
    }
}
