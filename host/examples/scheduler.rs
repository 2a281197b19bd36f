//! A tiny scheduler: has every job run when it is due, and prints what has become of each run.
//!
//!     DD_API_KEY=... cargo run --example scheduler

use std::thread;
use std::time::{Duration, Instant};

use dogwrap_host::{Error, Finished, Job, Output, Wrapper};

/// Name, command, and how often.
const JOBS: &[(&str, &str, Duration)] = &[
    ("clock", "date", Duration::from_millis(500)),
    ("backup", "echo 'no space left' >&2; exit 28", Duration::from_secs(1)),
];

/// For how long there is anything to be done.
const DAY: Duration = Duration::from_secs(2);

fn main() -> Result<(), Error> {
    let wrapper = Wrapper::new()?;
    let morning = Instant::now();
    thread::scope(|scope| {
        for (name, command, interval) in JOBS {
            let wrapper = wrapper.clone();
            scope.spawn(move || {
                while morning.elapsed() < DAY {
                    let job = Job::new(command).name(name).timeout(*interval).stdout(Output::Discard);
                    show(name, wrapper.start(job).and_then(|run| run.wait()));
                    thread::sleep(*interval);
                }
            });
        }
    });
    Ok(())
}

fn show(name: &str, result: Result<Finished, Error>) {
    match result {
        Ok(Finished { outcome, duration, report, messages, .. }) => {
            println!("{name}: {outcome:?} after {duration:.1?}, event: {report:?}");
            messages.iter().for_each(|message| println!("{name}: {message}"));
        }
        Err(error) => println!("{name}: {error}"),
    }
}
