//! Running the component: until it ends, fails, or does not do its work.

mod code;
mod host;
mod loading;
mod memory;
mod streams;
mod watch;

use std::future::{Future, poll_fn};
use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::sync::Arc;

use wasmtime::{Engine, Store, Trap};
use wasmtime_wasi::I32Exit;
use wasmtime_wasi::p2::bindings::CommandPre;

use crate::flow::Flow;
use crate::policy::limits;
use crate::words;
pub use host::Host;
pub use loading::Loading;

/// A component that is ready to be run, as often as need be, also at once.
pub struct Loaded {
    engine: Engine,
    command: CommandPre<Host>,
}

impl Loaded {
    /// Runs the component with what `host` lends, and returns that and the status that the component gives. The error is
    /// why there is none, in words for people.
    pub async fn run(&self, host: Host) -> (Used, Result<u8, String>) {
        let overdue = host.watch().overdue();
        let mut store = Store::new(&self.engine, host);
        store.limiter(|host| &mut host.memory);
        let flow = Arc::clone(&store.data().flow);
        watch::limit_computing(&mut store, Arc::clone(&flow));
        let result = tokio::select! {
            // The component first: after a stop of this program it is to show that it goes on.
            biased;
            result = counting_waits(self.call(&mut store), &flow) => result.map_err(Failure::Trapped),
            reason = overdue => Err(Failure::Overdue(reason)),
        };
        match result {
            Ok(status) => (Used::Running(Box::new(store)), Ok(status)),
            Err(failure) => {
                // The command may run on for long: nothing of what has failed is kept for it.
                let host = store.into_data();
                let reason = failure.reason(&host);
                (Used::Never(Box::new(host)), Err(reason))
            }
        }
    }

    async fn call(&self, store: &mut Store<Host>) -> wasmtime::Result<u8> {
        let command = self.command.instantiate_async(&mut *store).await?;
        match command.wasi_cli_run().call_run(&mut *store).await {
            Ok(Ok(())) => Ok(0),
            Ok(Err(())) => Ok(1),
            Err(error) => match error.downcast_ref::<I32Exit>() {
                Some(exit) => u8::try_from(exit.0).map_err(|_| wasmtime::Error::msg("it has given no status")),
                None => Err(error),
            },
        }
    }
}

/// What a component was lent, after it has ended.
///
/// To drop it takes time: everything that the component had is freed. Whoever ends the process does better without.
pub enum Used {
    /// By a component that has been run.
    Running(Box<Store<Host>>),
    /// By none.
    Never(Box<Host>),
}

impl Deref for Used {
    type Target = Host;

    fn deref(&self) -> &Host {
        match self {
            Self::Running(store) => store.data(),
            Self::Never(host) => host,
        }
    }
}

impl DerefMut for Used {
    fn deref_mut(&mut self) -> &mut Host {
        match self {
            Self::Running(store) => store.data_mut(),
            Self::Never(host) => host,
        }
    }
}

/// Does `work`, and counts how often it has to wait.
async fn counting_waits<T>(work: impl Future<Output = T>, flow: &Flow) -> T {
    let mut work = pin!(work);
    poll_fn(|context| {
        let polled = work.as_mut().poll(context);
        if polled.is_pending() {
            flow.has_waited();
        }
        polled
    })
    .await
}

/// Why a component has ended without a status.
enum Failure {
    Trapped(wasmtime::Error),
    Overdue(String),
}

impl Failure {
    /// In words for people.
    fn reason(self, host: &Host) -> String {
        match self {
            Self::Trapped(error) => reason(&error, host),
            Self::Overdue(reason) => reason,
        }
    }
}

fn reason(error: &wasmtime::Error, host: &Host) -> String {
    match error.downcast_ref::<Trap>() {
        _ if host.memory.was_refused => format!("it needs more than {} MiB of memory", limits::MEMORY >> 20),
        Some(Trap::Interrupt) => {
            format!("it has computed for {} s and waited for nothing", limits::COMPUTING_TIME.as_secs())
        }
        Some(Trap::StackOverflow) => "its stack has overflowed".to_owned(),
        Some(Trap::UnreachableCodeReached) => "it has given up (unreachable)".to_owned(),
        _ => words::of_error(error),
    }
}
