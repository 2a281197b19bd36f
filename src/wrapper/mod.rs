//! The adapters of the world `wrapper`: they bind the rules to WASI and to what the host lends.
//!
//! One function runs through: [`supervise`] a command, judge the run, [`deliver`] what is to be reported, and end with
//! the command's status. Nothing that goes wrong on the way of the report changes that status.

mod bindings;
mod channel;
mod held_back;
pub mod lent;
mod locks;
mod machine;
mod record;
mod supervise;

use std::time::{Duration, Instant};

use bindings::dogwrap::wrapper::invocation;
use bindings::dogwrap::wrapper::messages;
use record::RunRecord;
use supervise::Supervised;

use crate::adapters::console::Console;
use crate::adapters::deliver::Report;
use crate::adapters::fate::Fate;
use crate::adapters::identity::Identity;
use crate::adapters::state::State;
use crate::adapters::{self, later};
use crate::command_line::{self, Invocation, Surroundings, options};
use crate::requests::requests;
use crate::settings::Settings;

/// How long we try to say that output is lost: the reader of standard error may be the one that takes nothing.
const LAST_WORDS: Duration = Duration::from_secs(1);

struct Program;

wasi::cli::command::export!(Program);

impl wasi::exports::cli::run::Guest for Program {
    fn run() -> Result<(), ()> {
        // `std::process::exit` cannot carry a status through WASI 0.2: anything but zero would become one.
        wasi::cli::exit::exit_with_code(run());
        Ok(())
    }
}

/// Does what the arguments ask for, and returns the status to end with.
fn run() -> u8 {
    // What it means for the run is for the host to say.
    adapters::tell_panics_briefly("dogwrap");
    let mut arguments = invocation::arguments();
    let called_by = if arguments.is_empty() { Vec::new() } else { arguments.remove(0) };
    let mut console = Console::new(&program_name(&called_by));
    let surroundings =
        Surroundings { variable: &|name| std::env::var(name).ok(), key_file: &invocation::read_key_file };
    match command_line::parse(options::Program::Wrapper, console.program(), &arguments, surroundings) {
        Ok(Invocation::Run(settings)) => wrap(&settings, &mut console),
        asked_for => adapters::answer(asked_for, &mut console),
    }
}

/// The last part of the path that the program was called by.
fn program_name(path: &[u8]) -> String {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    if name.is_empty() { "dogwrap".to_owned() } else { String::from_utf8_lossy(name).into_owned() }
}

/// Runs a command and reports it.
fn wrap(settings: &Settings, console: &mut Console) -> u8 {
    for warning in &settings.warnings {
        console.message(warning);
    }
    let state = State::open(None);
    let spool = state.as_ref().ok().filter(|_| settings.spool);
    let identity = Identity::new();
    let record = spool.and_then(|state| RunRecord::begin(state, identity, settings));
    let mut supervised = supervise::supervise(settings, console);

    // Output comes before the report, as far as somebody takes it: a reader that does not must not hold the event up.
    supervised.held_back.replay(console, Some(settings.limits.drain_timeout));
    console.settle(Some(settings.limits.drain_timeout));
    let state = state.as_ref().map_err(String::as_str);
    let fate = report(&supervised, settings, (identity, record), state, console);
    let is_reachable = fate.accepted();
    messages::reported(&told(fate));
    if let Some(state) = spool.filter(|_| is_reachable != Some(false)) {
        later::after_run(state, &settings.delivery, is_reachable.is_some(), console);
    }

    // A reader that is slow but there gets everything, as it would without us. One for which the command had to be ended
    // does not hold us up as well.
    let patience = supervised.cut_short.then_some(settings.limits.drain_timeout);
    let printed = supervised.held_back.replay(console, patience);
    if !(console.settle(patience) && printed) {
        console.stdout.give_up();
        console.message("the end of the output is lost: its reader has not taken it in time");
        console.settle(Some(LAST_WORDS));
    }

    if let Some(child) = supervised.still_printing
        && let Err(reason) = child.hand_over()
    {
        console.message(&format!("output of what the command left running is no longer passed on: {reason}"));
        console.settle(None);
    }
    supervised.run.outcome.exit_status()
}

/// Reports a run, if it is to be. Returns what has become of the report.
fn report(
    supervised: &Supervised,
    settings: &Settings,
    (identity, mut record): (Identity, Option<RunRecord>),
    state: Result<&State, &str>,
    console: &mut Console,
) -> Fate {
    let run = &supervised.run;
    let fate = settings.reporting.judge(&run.outcome).map_or(Fate::NotDue, |alert_type| {
        let deadline = Instant::now() + settings.delivery.timeout;
        let host = machine::host_name();
        let requests = requests(run, alert_type, &settings.reporting, host.as_deref());
        if let Some(record) = &mut record {
            record.ended(run.ended_at, &requests);
        }
        let report = Report {
            job: &settings.reporting.name,
            delivery: &settings.delivery,
            spool: settings.spool,
            requests: &requests,
            happened_at: run.ended_at,
            identity,
            state,
        };
        let mut done = |index| {
            if let Some(record) = &mut record {
                record.done(index);
            }
        };
        report.deliver(deadline, &mut done, console)
    });
    // What is neither delivered nor kept stays in the record: a later run may have more luck.
    let is_settled = !matches!(fate, Fate::Lost(_));
    if let (Some(record), Ok(state), true) = (record, state, is_settled) {
        record.remove(state);
    }
    fate
}

/// What has become of a report, as the host is told.
fn told(fate: Fate) -> messages::Fate {
    match fate {
        Fate::NotDue => messages::Fate::NotDue,
        Fate::Delivered => messages::Fate::Delivered,
        Fate::Kept(reason) => messages::Fate::Kept(reason),
        Fate::SetAside(reason) => messages::Fate::SetAside(reason),
        Fate::Lost(reason) => messages::Fate::Lost(reason),
    }
}
