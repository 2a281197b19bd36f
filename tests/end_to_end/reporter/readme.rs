//! What the README shows works, word for word.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::runtime::{component, wasmtime};
use crate::server::{Answer, Server};
use crate::snippets::snippet;
use crate::spool::sent::events;
use crate::spool::wrapper::KEY;
use crate::support::{Ending, Invocation};

#[test]
fn the_script_in_the_readme_reports_a_job() {
    let Some(wasmtime) = wasmtime() else { return };
    let server = Server::start(Answer::default());
    let script = snippet("Without a host of ours");
    assert!(script.contains("wasmtime run"), "{script}");
    let invocation = Invocation::new("/bin/sh", ["-c", script]);
    let programs = invocation.home().join("bin");
    fs::create_dir(&programs).expect("a directory can be made");
    symlink(wasmtime, programs.join("wasmtime")).expect("nothing is there");
    symlink(component(), invocation.home().join("dogwrap-report.wasm")).expect("nothing is there");
    let backup = programs.join("backup");
    fs::write(&backup, "#!/bin/sh\necho disk full >&2\nexit 3\n").expect("a file can be written");
    fs::set_permissions(&backup, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());

    let outcome = invocation.variable("PATH", path).variable("DD_API_KEY", KEY).variable("DD_SITE", server.url()).run();
    assert_eq!(outcome.ending, Ending::Exited(0), "{outcome:?}");
    assert!(outcome.stderr.is_empty(), "{outcome:?}");
    let events = events(&server);
    let text = events[0]["text"].as_str().expect("an event has a text");
    assert!(text.contains("backup --all") && text.contains("disk full"), "{text}");
    let title = events[0]["title"].as_str().expect("an event has a title");
    assert!(title.contains("] nightly backup failed in "), "{title}");
}
