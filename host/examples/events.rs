//! The rules as a plugin: loads their component, which imports nothing, and has it judge a run.
//!
//!     make plugin
//!     target/release/examples/events
//!
//! With `--bench` it prints how long each of a thousand runs takes, in seconds, as JSON: each is judged in an instance of
//! its own, so that nothing of one job is left for the next.

// Loading what was compiled ahead of time is for the caller to answer for; see there.
#[allow(dead_code, reason = "the host has use for the rest of it")]
#[path = "../src/unchecked.rs"]
mod unchecked;

use std::time::Instant;

use serde_json::json;
use wasmtime::component::Linker;
#[cfg(feature = "pool")]
use wasmtime::{Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};
use wasmtime::{Engine, Result, Store};

use exports::dogwrap::events::reporting::{FinishedRun, Outcome, Report, Settings, SubmitMode};

wasmtime::component::bindgen!({ path: "../wit/events", world: "events" });

/// Where `make plugin` puts it.
const COMPONENT: &str = "target/components/dogwrap-events.cwasm";

/// How many runs are judged with `--bench`.
const RUNS: usize = 1000;

/// Instances in memory that is used again. Mapping it anew for every call would take longer than the call. Where the kernel
/// tells which pages were written to, only those are wiped.
#[cfg(feature = "pool")]
fn pool() -> PoolingAllocationConfig {
    /// How many runs are judged at once, at most.
    const AT_ONCE: u32 = 16;
    /// The most memory of an instance, in bytes; and how much of it is wiped and kept for the next one, instead of being
    /// given back to the system and asked for again.
    const MEMORY: usize = 16 * 1024 * 1024;
    const KEPT: usize = 128 * 1024;
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(AT_ONCE)
        .total_core_instances(AT_ONCE)
        .total_memories(AT_ONCE)
        .total_tables(AT_ONCE)
        .max_memory_size(MEMORY)
        .linear_memory_keep_resident(KEPT)
        .table_keep_resident(64 * 1024)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// The rules, ready to be instantiated: made once.
struct Rules {
    engine: Engine,
    events: EventsPre<()>,
}

impl Rules {
    fn load(code: &[u8]) -> Result<Self> {
        #[cfg_attr(not(feature = "pool"), expect(unused_mut, reason = "there is nothing to add"))]
        let mut config = dogwrap_engine::config();
        #[cfg(feature = "pool")]
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
        let engine = Engine::new(&config)?;
        let component = unchecked::load_compiled(&engine, code)?;
        // There is nothing to link: it imports nothing.
        let events = EventsPre::new(Linker::new(&engine).instantiate_pre(&component)?)?;
        Ok(Self { engine, events })
    }

    /// Judges `run` in a fresh instance.
    fn judge(&self, run: &FinishedRun, settings: &Settings) -> Result<Report> {
        let mut store = Store::new(&self.engine, ());
        // Whoever loads rules that are not trusted has a thread increment the epoch: at the next one, the call ends.
        store.set_epoch_deadline(1);
        let events = self.events.instantiate(&mut store)?;
        let judged = events.dogwrap_events_reporting().call_judge(&mut store, run, settings)?;
        judged.map_err(|invalid| wasmtime::Error::msg(format!("the run makes no sense: {invalid:?}")))
    }
}

fn main() -> Result<()> {
    let code = std::fs::read(COMPONENT)?;
    let rules = Rules::load(&code)?;
    let (run, settings) = (run(), settings());
    if std::env::args().any(|argument| argument == "--bench") {
        let time = |_| {
            let start = Instant::now();
            rules.judge(&run, &settings).map(|_| start.elapsed().as_secs_f64())
        };
        let seconds = (0..RUNS).map(time).collect::<Result<Vec<f64>>>()?;
        println!("{}", json!({ "call": seconds }));
        return Ok(());
    }
    let report = rules.judge(&run, &settings)?;
    println!("exit status {}, reported as {:?}", report.exit_status, report.alert_type);
    for request in report.requests {
        println!("{} {}{}\n{}", request.method, report.api, request.path, request.body);
    }
    Ok(())
}

/// A run as a scheduler has seen it.
fn run() -> FinishedRun {
    FinishedRun {
        job: Some("nightly".to_owned()),
        command: "backup --all".to_owned(),
        outcome: Outcome::Exited(28),
        duration: 1.5,
        ended_at: 1_795_376_346.25,
        stdout: (1..=40).map(|number| format!("table {number} is copied\n")).collect(),
        stderr: "no space left\n".to_owned(),
    }
}

/// How such runs are reported.
fn settings() -> Settings {
    Settings {
        submit_mode: Some(SubmitMode::Errors),
        warning_codes: Vec::new(),
        priority: None,
        tags: vec!["team:data".to_owned()],
        notify_success: String::new(),
        notify_error: "@oncall".to_owned(),
        notify_warning: String::new(),
        send_metric: false,
        site: Some("eu".to_owned()),
        host: Some("db1.example.com".to_owned()),
    }
}
