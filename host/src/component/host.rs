//! What lives as long as the component runs, and the interfaces that it is linked to: those of its world in `wit/`, and
//! no others.

use std::io;
use std::sync::Arc;

use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::{cli, filesystem, random};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::memory::Memory;
use super::streams;
use super::watch::Watch;
use crate::bindings::dogwrap::wrapper::{invocation, machine, messages, process, signals, state};
use crate::flow::Flow;
use crate::http::Client;
use crate::invocation::Invocation;
use crate::locks::StateView;
use crate::messages::Messages;
use crate::policy::{Policy, environment, limits};
use crate::process::{ProcessView, Processes};
use crate::state::StateDirectory;
use crate::stdio::{self, Output};
use crate::surroundings::Surroundings;

/// What the component calls its directory. Where it is on the host, the interface `state` says.
const STATE_DIRECTORY: &str = "/state";

/// What the component works on.
pub struct Host {
    pub(super) table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    pub client: Client,
    pub processes: Processes,
    pub memory: Memory,
    pub flow: Arc<Flow>,
    pub outputs: [Output; 2],
    pub(super) handles: streams::Handles,
    pub messages: Messages,
    /// Or why there is none.
    pub state: Result<StateDirectory, String>,
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

struct HasMessages;

impl HasData for HasMessages {
    type Data<'a> = &'a mut Messages;
}

impl Host {
    /// Everything that is lent for `invocation`, of what the `surroundings` give.
    pub fn new(invocation: Invocation, policy: &Arc<Policy>, surroundings: Surroundings) -> io::Result<Self> {
        let Surroundings { received, outputs, patience, messages, place, connector, files_are_private } = surroundings;
        let flow = Arc::new(Flow::default());
        let outputs = stdio::streams(outputs, patience, &flow, policy.own_words)?;
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits::HANDLES);
        let processes = Processes::new(invocation, Arc::clone(policy), place, received, outputs.clone(), &flow);
        let state = StateDirectory::open(&processes.invocation)
            .and_then(|state| if files_are_private { Ok(state) } else { state.with_private_directories() });
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(limits::HEADERS);
        Ok(Self {
            table,
            wasi: wasi(outputs.clone(), state.as_ref().ok()),
            http,
            client: Client::new(processes.policy.clone(), processes.received.clone(), connector),
            processes,
            memory: Memory::default(),
            flow,
            outputs,
            handles: [const { None }; 2],
            messages,
            state,
        })
    }

    fn state(&mut self) -> StateView<'_> {
        let received = Arc::clone(&self.processes.received);
        StateView { directory: &mut self.state, received, table: &mut self.table }
    }

    fn processes(&mut self) -> ProcessView<'_> {
        ProcessView { processes: &mut self.processes, table: &mut self.table }
    }

    fn messages(&mut self) -> &mut Messages {
        &mut self.messages
    }

    /// Says something to people: after everything that the component has written, and without waiting for anybody.
    pub fn say(&mut self, message: &str) {
        if let Err(message) = self.messages.take(message.to_owned()) {
            self.outputs[1].say(&message);
        }
    }

    /// What is seen of the component from outside.
    pub fn watch(&self) -> Watch {
        Watch {
            flow: Arc::clone(&self.flow),
            start: self.processes.start.subscribe(),
            received: Arc::clone(&self.processes.received),
            outputs: self.outputs.clone(),
            has_command: self.processes.policy.command.is_some(),
            time_to_finish: self.processes.policy.time_to_finish,
        }
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

/// Links what the world `wrapper` imports. What it does not, such as sockets, is not there for any component.
pub fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    // Streams, polling, clocks, random numbers, standard input, output and error.
    wasmtime_wasi::p2::add_to_linker_proxy_interfaces_async(linker)?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(linker, |host: &mut Host| host.wasi.random())?;
    cli::environment::add_to_linker::<_, WasiCli>(linker, Host::cli)?;
    cli::exit::add_to_linker::<_, WasiCli>(linker, Host::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(linker, Host::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(linker, Host::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, Host::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, Host::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, Host::cli)?;
    filesystem::preopens::add_to_linker::<_, WasiFilesystem>(linker, Host::filesystem)?;
    filesystem::types::add_to_linker::<_, WasiFilesystem>(linker, Host::filesystem)?;
    invocation::add_to_linker::<_, HasProcesses>(linker, Host::processes)?;
    machine::add_to_linker::<_, HasProcesses>(linker, Host::processes)?;
    messages::add_to_linker::<_, HasMessages>(linker, Host::messages)?;
    process::add_to_linker::<_, HasProcesses>(linker, Host::processes)?;
    signals::add_to_linker::<_, HasProcesses>(linker, Host::processes)?;
    state::add_to_linker::<_, HasState>(linker, Host::state)?;
    streams::link(linker)
}
