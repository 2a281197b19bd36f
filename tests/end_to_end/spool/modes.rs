//! Whatever the umask is outside: what we make is for its owner alone, and the command works with the original.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::wrapper::Wrapper;
use crate::delivery::peer::{Peer, answer};
use crate::support::Ending;
use crate::watched::{Gate, eventually};

/// Checks everything at and below `path`, and returns how many files there are.
fn files_of_owner_alone(path: &Path) -> usize {
    let metadata = fs::symlink_metadata(path).expect("it is there");
    let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
    assert_eq!(format!("{:o}", metadata.permissions().mode() & 0o7777), format!("{expected:o}"), "{}", path.display());
    if metadata.is_dir() {
        fs::read_dir(path)
            .expect("it is ours")
            .map(|entry| files_of_owner_alone(&entry.expect("it is ours").path()))
            .sum()
    } else {
        1
    }
}

/// Runs, with a umask set by `script`, what makes each kind of file.
fn assert_modes(script: &'static str, umask: &str) {
    let server = Peer::answering(|request| {
        answer(if request.contains("\"refused\"") { "400 No" } else { "202 Accepted" }, "", "")
    });
    let wrapper = Wrapper::to(server.url()).started_by(script);
    let gate = Gate::new(wrapper.home().join("gate"));
    let run = wrapper.named("refused").start("umask; echo made >made; read line <gate; exit 3");
    eventually("a record", || (wrapper.records().len() == 1).then_some(()));
    eventually("a file of the command", || wrapper.home().join("made").exists().then_some(()));
    let state_home = wrapper.state().parent().expect("it has a parent").to_owned();
    assert_eq!(files_of_owner_alone(&state_home), 1);
    let mode = fs::metadata(wrapper.home().join("made")).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode, 0o666 & !u32::from_str_radix(umask, 8).expect("it is octal"));
    gate.open();
    let told = run.finish();
    assert_eq!((told.ending, told.printed), (Ending::Exited(3), format!("{umask}\n")));

    let told = wrapper.named("waiting").options(["--delivery_timeout", "0"]).run("umask; exit 3");
    assert_eq!((told.ending, told.printed), (Ending::Exited(3), format!("{umask}\n")));
    assert_eq!((wrapper.waiting().len(), wrapper.set_aside().len()), (1, 1));
    assert_eq!(files_of_owner_alone(&state_home), 2);
    wrapper.run_quietly();
    // The lock is left, and what was set aside.
    assert_eq!((wrapper.waiting().len(), files_of_owner_alone(&state_home)), (0, 2));
    wrapper.keep("waiting");
    wrapper.flush(0);
    assert_eq!(files_of_owner_alone(&state_home), 2);
}

#[test]
fn under_a_umask_that_hides_nothing() {
    assert_modes(r#"umask 000; exec "$@""#, "0000");
}

#[test]
fn under_a_usual_umask() {
    assert_modes(r#"umask 022; exec "$@""#, "0022");
}

#[test]
fn under_a_umask_that_hides_things_from_their_owner() {
    assert_modes(r#"umask 0277; exec "$@""#, "0277");
}
