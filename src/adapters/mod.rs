//! The adapters that bind the rules to WASI, whichever world they are in: the clock, standard output and error, the files
//! that wait, and HTTP.
//!
//! What a world has beyond WASI is its module [`lent`]: `wrapper` has signals, locks and records of runs, and `reporter`
//! has none of them.

pub mod clock;
pub mod console;
pub mod deliver;
mod exchange;
pub mod fate;
pub mod file;
pub mod identity;
pub mod later;
mod sender;
pub mod spool;
pub mod state;

use console::Console;
use state::State;

use crate::command_line::{Invocation, UsageError};
use crate::listing;
#[cfg(feature = "reporter")]
use crate::reporter::lent;
#[cfg(not(feature = "reporter"))]
use crate::wrapper::lent;

/// Has a panic be told in one line instead of several.
pub fn tell_panics_briefly(program: &'static str) {
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.to_string();
        eprintln!("{program}: internal error: {}", text.split_whitespace().collect::<Vec<_>>().join(" "));
    }));
}

/// Does what is asked for of either program, and returns the status to end with; a run or a report is not among it.
pub fn answer(asked_for: Result<Invocation, UsageError>, console: &mut Console) -> u8 {
    let status = match asked_for {
        Ok(Invocation::Flush { delivery, any_key, warnings }) => {
            warnings.iter().for_each(|warning| console.message(warning));
            later::flush(&delivery, any_key, console)
        }
        Ok(Invocation::Spool { directory, json }) => list(directory.as_deref(), json, console),
        Ok(Invocation::Print(text)) => {
            console.print(&text);
            0
        }
        Ok(Invocation::Run(_) | Invocation::Report(_)) => 0,
        Err(error) => {
            console.error(&error.message, &error.hint);
            UsageError::EXIT_STATUS
        }
    };
    console.settle(None);
    status
}

/// Lists what waits and what was set aside.
fn list(directory: Option<&str>, json: bool, console: &mut Console) -> u8 {
    let state = match State::open(directory) {
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
