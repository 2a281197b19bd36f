//! The library behind the command line of `dogwrap`: what the program takes, in a program of your own.
//!
//!     cargo run --release --example wrap -- -n nightly -m all 'backup --all'

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;

use dogwrap_host::rules::command_line::options::Program;
use dogwrap_host::rules::command_line::spelling::spell;
use dogwrap_host::{Job, Wrapper};

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().skip(1).map(OsString::into_vec).collect();
    let spelled = spell(Program::Wrapper, &words);
    let mut job = Job::new(OsString::from_vec(spelled.command_line()));
    for given in &spelled.options {
        job = match &given.value {
            Some(value) => job.option(given.option.long, value),
            None => job.flag(given.option.long),
        };
    }
    let finished = Wrapper::new().and_then(|wrapper| wrapper.start(job)?.wait());
    match finished {
        Ok(finished) => {
            finished.messages.iter().for_each(|message| eprintln!("wrap: {message}"));
            ExitCode::from(finished.status)
        }
        Err(error) => {
            eprintln!("wrap: {error}");
            ExitCode::FAILURE
        }
    }
}
