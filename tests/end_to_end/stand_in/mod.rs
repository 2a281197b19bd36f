//! Without a component that works: the command runs, ends and prints as with one, and its result is kept.

mod background;
mod ending;
mod kept;
mod streams;
mod terminal;

use serde_json::Value;

use crate::spool::files::{content, json_files};
use crate::watched::{Job, Watched, eventually};

/// An option by which there is no component.
const OPTION: [&str; 2] = ["--component", "nowhere"];

const REASON: &str = "'nowhere' cannot be used: no such file or directory";

/// What is said of it, before the command runs and when its result is kept.
const FAILED: &str =
    "dogwrap: the component failed: 'nowhere' cannot be used: no such file or directory; the command runs without it\n";
const KEPT: &str = "dogwrap: its result is kept: the next run delivers it, or 'dogwrap --flush'\n";

/// A run without a component.
fn job(command: impl Into<std::ffi::OsString>) -> Job {
    Job::new(command).options(OPTION)
}

/// Waits for the one event that is kept of a run, and checks that nothing was sent.
fn kept_event(run: &Watched) -> Value {
    let event = event_below(&run.path("state"));
    assert_eq!(run.requests(), 0);
    event
}

/// Waits for the one event that is kept of a user whose state is below `state`.
fn event_below(state: &std::path::Path) -> Value {
    let [file] = eventually("an event is kept", || json_files(&state.join("dogwrap/spool")).try_into().ok());
    let kept: &std::path::PathBuf = &file;
    content(kept)["request"]["body"].take()
}

fn assert_event_has(event: &Value, exit_code: i32) {
    let text = event["text"].as_str().expect("an event has a text");
    assert!(text.contains(&format!("\n**>>>> EXIT CODE <<<<**\n\n {exit_code}\n")), "{exit_code}: {text}");
}
