//! What the host does with files in a directory into which the component may have put anything.

use super::*;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use dogwrap::destination::Recipient;
use dogwrap::start::{Line, Start};
use nix::unistd::mkfifo;
use tempfile::TempDir;

/// A new state directory.
fn state() -> (TempDir, StateDirectory) {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let directory = File::open(home.path()).expect("it is there");
    let state = StateDirectory { path: home.path().to_owned(), directory, locked: Vec::new() };
    (home, state)
}

/// Makes the record of a run of `job`, and opens it.
fn make_record(path: &Path, job: &str) -> File {
    let start = Start {
        recipient: Recipient { api: "https://api.test".to_owned(), key: None, key_was_refused: false },
        job: job.to_owned(),
        command: "true".to_owned(),
        started_at: 7,
        tags: Vec::new(),
        notification: String::new(),
        priority: None,
    };
    let line = serde_json::to_string(&Line::Started(start)).expect("JSON");
    fs::create_dir_all(path.parent().expect("it is in a directory")).expect("it can be made");
    fs::write(path, line + "\n").expect("it can be written");
    File::open(path).expect("it is there")
}

/// The name of the record of this run, and its job.
fn own_record(state: &StateDirectory) -> Option<(String, String)> {
    state.own_record().map(|(name, record)| (name, record.start.job))
}

#[test]
fn only_files_below_the_directory_are_opened() {
    let outside = tempfile::tempdir().expect("a temporary directory can be made");
    let root = outside.path().join("state");
    fs::create_dir_all(root.join("running")).expect("it can be made");
    for file in [outside.path().join("file"), root.join("file"), root.join("running/file")] {
        fs::write(file, "").expect("it can be written");
    }
    symlink(outside.path(), root.join("link")).expect("it can be made");
    symlink("file", root.join("linked")).expect("it can be made");
    let directory = File::open(&root).expect("it is there");
    for path in ["file", "running/file"] {
        open_below(&directory, path).expect(path);
    }
    for path in ["", ".", "..", "../file", "/file", "link/file", "linked", "running/../file", "running", "a/b/c"] {
        assert!(open_below(&directory, path).is_err(), "{path:?}");
    }
    assert_eq!(open_below(&directory, "none").err(), Some(Errno::ENOENT));
    assert_eq!(open_below(&directory, "none/file").err(), Some(Errno::ENOENT));
}

#[test]
fn the_own_record_is_the_one_that_was_locked_whatever_it_is_called() {
    let (home, mut state) = state();
    assert_eq!(own_record(&state), None);
    let running = home.path().join(RUNNING);
    make_record(&running.join("1.json"), "other");
    let own = make_record(&running.join("2.json"), "own");
    mkfifo(&running.join("0.json"), Mode::S_IRWXU).expect("it can be made");
    assert_eq!(own_record(&state), None);

    state.note_lock(&make_record(&home.path().join("lock"), "no record"));
    state.note_lock(&own);
    assert_eq!(own_record(&state), Some(("2.json".to_owned(), "own".to_owned())));
    fs::rename(running.join("2.json"), running.join("3.json")).expect("it can be renamed");
    assert_eq!(own_record(&state), Some(("3.json".to_owned(), "own".to_owned())));
    fs::rename(running.join("1.json"), running.join("3.json")).expect("it can be replaced");
    assert_eq!(own_record(&state), None, "another file has its name");
}

#[test]
fn no_record_is_found_by_a_link() {
    let (home, mut state) = state();
    let record = home.path().join("elsewhere/1.json");
    state.note_lock(&make_record(&record, "own"));
    let running = home.path().join(RUNNING);
    fs::create_dir(&running).expect("it can be made");
    symlink(&record, running.join("1.json")).expect("it can be made");
    assert_eq!(own_record(&state), None);
    fs::remove_dir_all(&running).expect("it can be removed");
    symlink("elsewhere", &running).expect("it can be made");
    assert_eq!(own_record(&state), None);
    state.remove_record("1.json");
    assert!(record.exists());
}

#[test]
fn only_the_named_record_is_removed() {
    let (home, state) = state();
    let [first, second] = ["1.json", "2.json"].map(|name| home.path().join(RUNNING).join(name));
    make_record(&first, "first");
    make_record(&second, "second");
    for name in ["1.json", "none.json"] {
        state.remove_record(name);
    }
    assert!(!first.exists() && second.exists());
}

#[test]
fn a_damaged_record_is_none() {
    let (home, mut state) = state();
    let path = home.path().join(RUNNING).join("1.json");
    state.note_lock(&make_record(&path, "own"));
    fs::write(&path, "{").expect("it can be written");
    assert_eq!(own_record(&state), None);
}

#[test]
fn what_is_written_is_whole_and_private() {
    let (home, state) = state();
    let path = home.path().join("spool/1.json");
    state.write("spool", "1.json", b"first").expect("it can be written");
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&home.path().join("spool")), mode(&path)), (0o700, 0o600));
    assert_eq!(fs::read(&path).expect("it is there"), b"first");

    let before = File::open(&path).expect("it is there");
    state.write("spool", "1.json", b"second").expect("it can be written again");
    assert_eq!(io::read_to_string(before).expect("it is open"), "first", "who reads it sees no other");
    assert_eq!(fs::read(&path).expect("it is there"), b"second");
    assert_eq!(read_dir(home.path().join("spool")).expect("it is there").count(), 1, "nothing else is left");
}

#[test]
fn nothing_is_written_through_a_link() {
    let (home, state) = state();
    let [other, spool] = ["other", "spool"].map(|name| home.path().join(name));
    fs::create_dir(&other).expect("it can be made");
    let target = other.join("target");
    fs::write(&target, "target").expect("it can be written");

    symlink(&other, &spool).expect("it can be made");
    assert!(state.write("spool", "1.json", b"event").is_err());
    fs::remove_file(&spool).expect("it can be removed");
    fs::create_dir(&spool).expect("it can be made");
    symlink(&target, spool.join(format!("1.json{UNFINISHED}"))).expect("it can be made");
    assert!(state.write("spool", "1.json", b"event").is_err());
    symlink(&target, spool.join("2.json")).expect("it can be made");
    state.write("spool", "2.json", b"event").expect("the link is replaced");

    assert_eq!(fs::read(&target).expect("it is there"), b"target");
    assert_eq!(read_dir(&other).expect("it is there").count(), 1);
    assert_eq!(fs::read(spool.join("2.json")).expect("it is there"), b"event");
}
