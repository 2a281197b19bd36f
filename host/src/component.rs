//! Running the component: what it is made of, what it is lent, and what its end means.

use std::sync::Arc;

use wasmtime::component::{Component, HasData, Linker, ResourceTable};
use wasmtime::{Engine, Store, StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::p2::bindings::Command;
use wasmtime_wasi::{FsPerms, I32Exit, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::bindings::dogwrap::wrapper::process::ExitStatus;
use crate::bindings::dogwrap::wrapper::{invocation, machine, process, signals, state};
use crate::http::Client;
use crate::invocation::Invocation;
use crate::locks::StateView;
use crate::policy::MAXIMUM_MEMORY;
use crate::process::{ProcessView, Processes, Received, Supervised, Terminal};
use crate::state::StateDirectory;
use crate::stdio::Output;
use crate::{engine, environment, stdio};

/// The status when something is wrong with this program itself: EX_SOFTWARE of sysexits.h.
pub const INTERNAL_ERROR: u8 = 70;

/// The component, compiled when this program was built.
static COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/dogwrap.cwasm"));

/// What the component calls its directory. Where it is on the host, the interface `state` says.
const STATE_DIRECTORY: &str = "/state";

/// What lives as long as the component runs.
struct Host {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    client: Client,
    processes: Processes,
    limits: StoreLimits,
    /// Or why there is none.
    state: Result<StateDirectory, String>,
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Host {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.client, table: &mut self.table, ctx: &mut self.http }
    }
}

struct HasProcesses;

impl HasData for HasProcesses {
    type Data<'a> = ProcessView<'a>;
}

struct HasState;

impl HasData for HasState {
    type Data<'a> = StateView<'a>;
}

/// Runs the component and returns the status to end with.
pub async fn run(invocation: Invocation, terminal: Option<Terminal>) -> u8 {
    let host = match Host::new(invocation, terminal) {
        Ok(host) => host,
        Err(error) => return failure(&error),
    };
    let mut store = match store(host) {
        Ok(store) => store,
        Err(error) => return failure(&error),
    };
    let result = call(&mut store).await;
    let started = store.data().processes.started.clone();
    let status = match result {
        Ok(status) => status,
        Err(error) => {
            let status = failure(&error);
            match &started {
                Some(command) => see_through(command, &store.data().processes.received).await,
                None => status,
            }
        }
    };
    if let Some(command) = started {
        command.release_terminal();
    }
    status
}

/// Says what is wrong with this program itself.
fn failure(error: &wasmtime::Error) -> u8 {
    let reason = format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ");
    eprintln!("dogwrap: internal error: {reason}");
    INTERNAL_ERROR
}

/// Sees a command through whose component is gone: its output is passed on, signals reach it, and its status is ours.
async fn see_through(command: &Arc<Supervised>, received: &Arc<Received>) -> u8 {
    if let Err(error) = command.hand_over() {
        eprintln!("dogwrap: the command's output is no longer passed on: {error}");
    }
    loop {
        tokio::select! {
            () = Arc::clone(command).ended() => break,
            () = Arc::clone(received).any() => while let Some(signal) = received.take() { command.signal(signal) },
        }
    }
    match command.exit_status() {
        Some(ExitStatus::Exited(status)) => status,
        Some(ExitStatus::Signaled(signal)) => 128_u8.saturating_add(signal),
        None => INTERNAL_ERROR,
    }
}

impl Host {
    fn new(invocation: Invocation, terminal: Option<Terminal>) -> wasmtime::Result<Self> {
        let outputs = stdio::streams()?;
        let processes = Processes::new(invocation, terminal, outputs.clone())?;
        let state = StateDirectory::open(&processes.invocation);
        Ok(Self {
            table: ResourceTable::new(),
            wasi: wasi(outputs, state.as_ref().ok()),
            http: WasiHttpCtx::new(),
            client: Client::new(processes.policy.clone(), processes.received.clone()),
            limits: StoreLimitsBuilder::new().memory_size(MAXIMUM_MEMORY).build(),
            processes,
            state,
        })
    }

    fn state(&mut self) -> StateView<'_> {
        let received = Arc::clone(&self.processes.received);
        StateView { directory: &self.state, received, table: &mut self.table }
    }

    fn processes(&mut self) -> ProcessView<'_> {
        ProcessView { processes: &mut self.processes, table: &mut self.table }
    }
}

/// What WASI gives the component: the two streams, the variables it may know, and its one directory.
fn wasi([stdout, stderr]: [Output; 2], state: Option<&StateDirectory>) -> WasiCtx {
    let mut wasi = WasiCtxBuilder::new();
    wasi.stdout(stdout)
        .stderr(stderr)
        .envs(&environment::lent())
        // The component has nothing else to do while it writes a small file.
        .allow_blocking_current_thread(true);
    if let Some(state) = state {
        // Where that fails there is no directory, which the component says when it comes to that.
        let _ = wasi.preopened_dir(state.stable_path(), STATE_DIRECTORY, FsPerms::ReadWrite);
    }
    wasi.build()
}

fn store(host: Host) -> wasmtime::Result<Store<Host>> {
    let engine = Engine::new(&engine::config())?;
    let mut store = Store::new(&engine, host);
    store.limiter(|host| &mut host.limits);
    Ok(store)
}

/// Loads the component, links it to what it is lent, and calls it.
async fn call(store: &mut Store<Host>) -> wasmtime::Result<u8> {
    let component = load(store.engine())?;
    let mut linker = Linker::new(store.engine());
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    invocation::add_to_linker::<_, HasProcesses>(&mut linker, Host::processes)?;
    machine::add_to_linker::<_, HasProcesses>(&mut linker, Host::processes)?;
    process::add_to_linker::<_, HasProcesses>(&mut linker, Host::processes)?;
    signals::add_to_linker::<_, HasProcesses>(&mut linker, Host::processes)?;
    state::add_to_linker::<_, HasState>(&mut linker, Host::state)?;
    let command = Command::instantiate_async(&mut *store, &component, &linker).await?;
    match command.wasi_cli_run().call_run(&mut *store).await {
        Ok(Ok(())) => Ok(0),
        Ok(Err(())) => Ok(1),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(exit) => Ok(u8::try_from(exit.0).unwrap_or(INTERNAL_ERROR)),
            None => Err(error),
        },
    }
}

#[expect(unsafe_code, reason = "compiled code is run as it is")]
fn load(engine: &Engine) -> wasmtime::Result<Component> {
    // SAFETY: the bytes are what `Engine::precompile_component` made when this program was built, and a constant since.
    unsafe { Component::deserialize(engine, COMPONENT) }
}
