//! Whether the component does its work: it neither computes for ever, nor leaves the command waiting, nor goes on when
//! there is nothing left to do.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch::Receiver;
use tokio::time::{sleep, timeout};
use wasmtime::{EngineWeak, Store, UpdateDeadline};

use crate::flow::Flow;
use crate::policy::limits::{COMPUTING_TIME, OWN_WORDS, TIME_TO_START, UNREAD_TIME};
use crate::process::{Received, Start, Supervised};
use crate::stdio::Output;

/// After how much processor time it is looked at whether the component computes.
const STEP: Duration = COMPUTING_TIME.checked_div(4).expect("four is not zero");

/// Has what runs in `engine` looked at from time to time, as long as that is there: on a thread of its own, which this takes.
///
/// It counts steps of this process's processor time: so a machine that is busy with others is no reason to look at anything,
/// and a process that waits is not woken for it.
pub fn look_now_and_then(engine: &EngineWeak) {
    loop {
        wait_for_processor_time(STEP);
        let Some(engine) = engine.upgrade() else { return };
        engine.increment_epoch();
    }
}

/// Stops what computes in `store` for too long, by what `flow` tells of it.
///
/// Whoever else computes in this process makes us look more often, and is not counted.
pub fn limit_computing<T>(store: &mut Store<T>, flow: Arc<Flow>) {
    let mut seen = None;
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        let (progress, now) = (flow.progress(), processor_time_of_this_thread());
        let since = match seen {
            Some((before, since)) if before == progress => since,
            _ => now,
        };
        seen = Some((progress, since));
        let has_time = now.saturating_sub(since) < COMPUTING_TIME;
        Ok(if has_time { UpdateDeadline::Continue(1) } else { UpdateDeadline::Interrupt })
    });
}

/// Processor time that the calling thread has used: the component runs on it, and nothing else for long.
#[cfg(target_os = "linux")]
fn processor_time_of_this_thread() -> Duration {
    use nix::time::{ClockId, clock_gettime};

    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from).unwrap_or_default()
}

/// Waits until this process has used so much more of the processors.
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

/// Where there are no such clocks, time that passes has to do.
#[cfg(not(target_os = "linux"))]
fn processor_time_of_this_thread() -> Duration {
    static FIRST: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    FIRST.get_or_init(std::time::Instant::now).elapsed()
}

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
