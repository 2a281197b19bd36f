//! The adapters of the world `reporter`: a command has been run by somebody else, who says how it ended.
//!
//! One function runs through: judge what is [`Told`] of the run, deliver what is to be reported, and say with the status
//! whether it is safe: delivered, or kept.

pub mod lent;
mod output;

use std::fs::File;
use std::io::Read;
use std::time::Instant;

use crate::adapters::console::Console;
use crate::adapters::deliver::Report;
use crate::adapters::fate::Fate;
use crate::adapters::identity::Identity;
use crate::adapters::state::{State, explain};
use crate::adapters::{self, clock, later};
use crate::capture::Capture;
use crate::command_line::options::Program;
use crate::command_line::spelling::spell;
use crate::command_line::{self, Invocation, Output, Surroundings, Told};
use crate::host_name::{self, Sources};
use crate::requests::requests;
use crate::run::Run;
use crate::verdict::AlertType;

/// The status when the event is lost.
const LOST: u8 = 1;

/// The largest file that is taken for a key, in bytes.
const MAXIMUM_KEY_FILE: u64 = 64 * 1024;

struct Component;

wasi::cli::command::export!(Component);

impl wasi::exports::cli::run::Guest for Component {
    fn run() -> Result<(), ()> {
        // `std::process::exit` cannot carry a status through WASI 0.2: anything but zero would become one.
        wasi::cli::exit::exit_with_code(run());
        Ok(())
    }
}

/// Does what the arguments ask for, and returns the status to end with.
fn run() -> u8 {
    const PROGRAM: Program = Program::Reporter;
    adapters::tell_panics_briefly(PROGRAM.name());
    let arguments: Vec<_> = std::env::args().skip(1).map(String::into_bytes).collect();
    let spelled = spell(PROGRAM, &arguments);
    let key_file = || spelled.text("api_key_file").map(read_key_file);
    let surroundings = Surroundings { variable: &|name| std::env::var(name).ok(), key_file: &key_file };
    let mut console = Console::new(PROGRAM.name());
    match command_line::parse(PROGRAM, PROGRAM.name(), &arguments, surroundings) {
        Ok(Invocation::Report(told)) => {
            let status = report(&told, &mut console);
            console.settle(None);
            status
        }
        asked_for => adapters::answer(asked_for, &mut console),
    }
}

/// Reads the file with the API key. The error says why it cannot be, in words for people.
fn read_key_file(path: &str) -> Result<Vec<u8>, String> {
    let read = || {
        let mut content = Vec::new();
        File::open(path)?.take(MAXIMUM_KEY_FILE + 1).read_to_end(&mut content)?;
        std::io::Result::Ok(content)
    };
    match read() {
        Ok(content) if content.len() as u64 > MAXIMUM_KEY_FILE => Err("it is too large for a key".to_owned()),
        Ok(content) => Ok(content),
        Err(error) => Err(explain(&error)),
    }
}

/// Reports what was told, if it is to be, and delivers what waits. Returns the status to end with.
fn report(told: &Told, console: &mut Console) -> u8 {
    told.warnings.iter().for_each(|warning| console.message(warning));
    let state = State::open(told.delivery.spool_directory.as_deref());
    let state = state.as_ref().map_err(String::as_str);
    let submit = |alert_type| submit(told, alert_type, state, console);
    let fate = told.reporting.judge(&told.outcome).map_or(Fate::NotDue, submit);
    let accepted = fate.accepted();
    if let Some(state) = state.ok().filter(|_| told.spool && accepted != Some(false)) {
        later::after_run(state, &told.delivery, accepted.is_some(), console);
    }
    if matches!(fate, Fate::Lost(_)) { LOST } else { 0 }
}

/// Delivers the event of a run, or keeps it.
fn submit(told: &Told, alert_type: AlertType, state: Result<&State, &str>, console: &mut Console) -> Fate {
    let run = run_of(told, console);
    let deadline = Instant::now() + told.delivery.timeout;
    let requests = requests(&run, alert_type, &told.reporting, host(told).as_deref());
    let report = Report {
        job: &told.reporting.name,
        delivery: &told.delivery,
        spool: told.spool,
        requests: &requests,
        happened_at: run.ended_at,
        identity: Identity::new(),
        state,
    };
    report.deliver(deadline, &mut |_| {}, console)
}

/// The run, with as much of its output as can be read. What cannot be is said, here and in the event.
fn run_of(told: &Told, console: &mut Console) -> Run {
    let now = clock::now();
    let duration = told.duration(now);
    if duration.is_none() && told.started_at.is_some() {
        console.message("the command starts later than now, by --started_at: its duration is not known");
    }
    let mut missing = Vec::new();
    let mut read = |output: &Option<Output>| {
        let Some((capture, result)) = output.as_ref().map(output::read) else { return Capture::default() };
        missing.extend(result.err());
        capture
    };
    let (stdout, stderr) = (read(&told.stdout), read(&told.stderr));
    missing.iter().for_each(|reason| console.message(reason));
    Run {
        outcome: told.outcome.clone(),
        duration,
        ended_at: now.as_secs_f64(),
        stdout,
        stderr,
        output_left_open: false,
        unseen: (!missing.is_empty()).then(|| missing.join("; ")),
    }
}

/// The name of the machine, as somebody said it: WASI knows none.
fn host(told: &Told) -> Option<String> {
    let environment = std::env::var("DD_HOSTNAME").ok();
    let environment = told.host.as_deref().or(environment.as_deref());
    host_name::host_name(&Sources { environment, ..Sources::default() })
}
