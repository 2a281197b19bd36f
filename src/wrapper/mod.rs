//! The adapters of the world `wrapper`: they bind the rules to WASI and to what the host lends.
//!
//! One function runs through: [`supervise`] a command, judge the run, [`deliver`] what is to be reported, and end with
//! the command's status. Nothing that goes wrong on the way of the report changes that status.

mod bindings;
mod channel;
mod clock;
mod console;
mod deliver;
mod exchange;
mod held_back;
mod later;
mod machine;
mod record;
mod sender;
mod spool;
mod state;
mod supervise;

use std::time::{Duration, Instant};

use bindings::dogwrap::wrapper::invocation;
use console::Console;
use deliver::{Delivered, Report};
use record::{Identity, RunRecord};
use state::State;
use supervise::Supervised;

use crate::command_line::{self, Invocation, Surroundings, UsageError};
use crate::listing;
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
    // One line instead of several; what it means for the run is for the host to say.
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.to_string();
        eprintln!("dogwrap: internal error: {}", text.split_whitespace().collect::<Vec<_>>().join(" "));
    }));
    let mut arguments = invocation::arguments();
    let called_by = if arguments.is_empty() { Vec::new() } else { arguments.remove(0) };
    let mut console = Console::new(&program_name(&called_by));
    let surroundings =
        Surroundings { variable: &|name| std::env::var(name).ok(), key_file: &invocation::read_key_file };
    let status = match command_line::parse(console.program(), &arguments, surroundings) {
        Ok(Invocation::Run(settings)) => return wrap(&settings, &mut console),
        Ok(Invocation::Flush { delivery, any_key, warnings }) => {
            warnings.iter().for_each(|warning| console.message(warning));
            later::flush(&delivery, any_key, &mut console)
        }
        Ok(Invocation::Spool { json }) => list(json, &mut console),
        Ok(Invocation::Print(text)) => {
            console.print(&text);
            0
        }
        Err(error) => {
            console.error(&error.message, &error.hint);
            UsageError::EXIT_STATUS
        }
    };
    console.settle(None);
    status
}

/// Lists what waits and what was set aside.
fn list(json: bool, console: &mut Console) -> u8 {
    let state = match State::open() {
        Ok(state) => state,
        Err(reason) => {
            console.message(&format!("there is nothing to list: {reason}"));
            return 1;
        }
    };
    let listed = spool::list(&state);
    console.print(&if json { listing::json_lines(&listed) } else { listing::table(&listed) });
    0
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
    let state = State::open();
    let spool = state.as_ref().ok().filter(|_| settings.spool);
    let identity = Identity::new();
    let record = spool.and_then(|state| RunRecord::begin(state, identity, settings));
    let mut supervised = supervise::supervise(settings, console);

    // Output comes before the report, as far as somebody takes it: a reader that does not must not hold the event up.
    supervised.held_back.replay(console, Some(settings.limits.drain_timeout));
    console.settle(Some(settings.limits.drain_timeout));
    let state = state.as_ref().map_err(String::as_str);
    let is_reachable = report(&supervised, settings, (identity, record), state, console);
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

/// Reports a run, if it is to be. Returns whether the API accepted it; none when there was nothing to send.
fn report(
    supervised: &Supervised,
    settings: &Settings,
    (identity, mut record): (Identity, Option<RunRecord>),
    state: Result<&State, &str>,
    console: &mut Console,
) -> Option<bool> {
    let run = &supervised.run;
    let delivered = settings.reporting.judge(&run.outcome).map(|alert_type| {
        let deadline = Instant::now() + settings.delivery.timeout;
        let host = machine::host_name();
        let requests = requests(run, alert_type, &settings.reporting, host.as_deref());
        if let Some(record) = &mut record {
            record.ended(run.ended_at, &requests);
        }
        let report = Report { settings, requests: &requests, happened_at: run.ended_at, identity, state };
        report.deliver(deadline, &mut record, console)
    });
    // What is neither delivered nor kept stays in the record: a later run may have more luck.
    let is_settled = delivered.as_ref().is_none_or(|delivered| delivered.accepted || delivered.kept);
    if let (Some(record), Ok(state), true) = (record, state, is_settled) {
        record.remove(state);
    }
    delivered.map(|Delivered { accepted, .. }| accepted)
}
