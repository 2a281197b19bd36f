//! The adapters of the world `wrapper`: they bind the rules to WASI and to what the host lends.
//!
//! One function runs through: [`supervise`] a command, judge the run, [`deliver`] what is to be reported, and end with
//! the command's status. Nothing that goes wrong on the way of the report changes that status.

mod bindings;
mod channel;
mod console;
mod deliver;
mod held_back;
mod kept;
mod machine;
mod supervise;

use bindings::dogwrap::wrapper::invocation;
use console::Console;

use crate::command_line::{self, Invocation, UsageError};
use crate::requests::requests;
use crate::settings::Settings;
use crate::verdict::judge;

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
    let mut arguments = invocation::arguments();
    let called_by = if arguments.is_empty() { Vec::new() } else { arguments.remove(0) };
    let mut console = Console::new(&program_name(&called_by));
    let environment = |name: &str| std::env::var(name).ok();

    let status = match command_line::parse(console.program(), &arguments, &environment) {
        Ok(Invocation::Run(settings)) => return wrap(&settings, &mut console),
        Ok(Invocation::Flush(destination)) => deliver::flush(&destination, &mut console),
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
    let mut supervised = supervise::supervise(settings, console);
    let run = &supervised.run;

    // Output comes before the report, as far as somebody takes it: a reader that does not must not hold the event up.
    supervised.held_back.replay(console, Some(settings.limits.drain_timeout));
    console.settle(Some(settings.limits.drain_timeout));
    if let Some(alert_type) = judge(&run.outcome, settings.submit_mode, &settings.warning_codes) {
        let host = machine::host_name();
        let requests = requests(run, alert_type, settings, host.as_deref());
        deliver::deliver(&requests, &settings.destination, console);
    }

    // A reader that is slow but there gets everything, as it would without us. One for which the command had to be ended
    // does not hold us up as well.
    let patience = supervised.cut_short.then_some(settings.limits.drain_timeout);
    supervised.held_back.replay(console, patience);
    console.settle(patience);

    if let Some(child) = supervised.still_printing
        && let Err(reason) = child.hand_over()
    {
        console.message(&format!("output of what the command left running is no longer passed on: {reason}"));
        console.settle(None);
    }
    run.outcome.exit_status()
}
