//! State directories that cannot be used: the job does not notice, the event is sent where that can be done, and
//! otherwise one line says why it is not kept. Nothing outside the directory is touched.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use super::file_system::{FileSystem, is_root, skipped};
use super::sent::jobs;
use super::wrapper::Wrapper;
use crate::delivery::peer::DESERTED;
use crate::server::{Answer, Server};
use crate::support::Ending;

pub fn make_directory(path: &Path) {
    DirBuilder::new().mode(0o700).create(path).expect("a directory can be made");
}

/// Everything at and below `path`, as far as a change can be seen.
pub fn snapshot(path: &Path) -> Vec<(PathBuf, u32, i64, i64, Vec<u8>)> {
    let metadata = fs::symlink_metadata(path).expect("it is there");
    let content = if metadata.is_file() { fs::read(path).expect("it can be read") } else { Vec::new() };
    let own = (path.to_owned(), metadata.mode(), metadata.mtime(), metadata.mtime_nsec(), content);
    let entries = if metadata.is_dir() { fs::read_dir(path).ok() } else { None };
    let below = entries.into_iter().flatten().flatten().flat_map(|entry| snapshot(&entry.path()));
    [own].into_iter().chain(below).collect()
}

/// A directory that nobody is to touch, with a file in it.
pub fn canary(home: &Path) -> PathBuf {
    let canary = home.join("canary");
    make_directory(&canary);
    fs::write(canary.join("file"), "untouched").expect("a file can be written");
    canary
}

/// Checks runs of jobs whose state directory, given with the home of the user, is made unusable by `spoil`.
///
/// `reason` is in the line that says why an event is not kept, and, where the directory as a whole is refused, in that of
/// whoever is asked for what is in it.
pub fn assert_harmless(spoil: impl Fn(&Path, &Path), state_home: Option<&Path>, reason: &str, is_refused: bool) {
    let wrapper = |site: &str| {
        let wrapper = Wrapper::to(site);
        let wrapper = match state_home {
            Some(state_home) => wrapper.state_below(state_home),
            None => wrapper,
        };
        let state = wrapper.state();
        if state_home.is_none() {
            make_directory(state.parent().expect("it has a parent"));
        }
        spoil(&state, wrapper.home());
        let canary = canary(wrapper.home());
        (snapshot(&canary), canary, wrapper)
    };
    let server = Server::start(Answer::default());
    let (before, untouched, there) = wrapper(&server.url());
    let told = there.run("exit 3");
    assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(3), ""), "{told:?}");
    assert_eq!(jobs(&server), ["job"]);
    there.run_quietly();
    assert_eq!(before, snapshot(&untouched));

    let (before, untouched, nowhere) = wrapper(&format!("http://{DESERTED}"));
    nowhere.run_quietly();
    let told = nowhere.options(["--delivery_timeout", "1"]).run("exit 3");
    assert_eq!(told.ending, Ending::Exited(3), "{told:?}");
    let beginning = format!("dogwrap: event not delivered to http://{DESERTED}: connection refused; and not kept: ");
    let rest = told.said.strip_prefix(&beginning).unwrap_or_else(|| panic!("{told:?} is not about {reason:?}"));
    assert!(rest.contains(reason) && rest.find('\n') == Some(rest.len() - 1), "{told:?} is not about {reason:?}");
    if is_refused {
        for told in [nowhere.list([]), nowhere.start_flush().finish()] {
            assert_eq!((told.ending, told.printed.as_str()), (Ending::Exited(1), ""), "{told:?}");
            assert!(told.said.contains(reason) && told.said.lines().count() == 1, "{told:?}");
        }
    }
    assert_eq!(before, snapshot(&untouched));
}

#[test]
fn a_directory_of_another_user() {
    if !is_root() {
        skipped::<()>("a_directory_of_another_user", "only root gives directories away");
        return;
    }
    let spoil = |state: &Path, _: &Path| {
        make_directory(state);
        chown(state, Some(65534), Some(65534)).expect("root gives directories away");
    };
    assert_harmless(spoil, None, "belongs to another user", true);
}

#[test]
fn a_directory_that_others_can_write_to() {
    for mode in [0o770, 0o702, 0o777, 0o1777] {
        let spoil = |state: &Path, _: &Path| {
            make_directory(state);
            fs::set_permissions(state, Permissions::from_mode(mode)).expect("it is ours");
        };
        assert_harmless(spoil, None, "can be written by others", true);
    }
}

#[test]
fn a_file_in_the_place_of_the_directory() {
    let spoil = |state: &Path, _: &Path| fs::write(state, "").expect("a file can be written");
    assert_harmless(spoil, None, "is no directory", true);
}

#[test]
fn a_parent_that_is_no_directory() {
    assert_harmless(|_, _| {}, Some(Path::new("/dev/null")), "is no directory", true);
}

#[test]
fn a_file_system_that_cannot_be_written() {
    let mount = "mount -t tmpfs -o mode=700 none \"$1\"";
    let make = "mkdir -m 700 \"$1/dogwrap\"";
    let scripts = [
        format!("{mount}; {make}; mount -o remount,ro \"$1\""),
        format!("{mount}; {make}; mount --bind \"$1\" \"$1\"; mount -o remount,bind,ro \"$1\""),
        // Here the directory has to be made first.
        format!("{mount}; mount -o remount,ro \"$1\""),
    ];
    for (script, is_refused) in scripts.iter().zip([false, false, true]) {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let mounted = FileSystem::mount("a_file_system_that_cannot_be_written", directory.path(), script);
        let Some(mounted) = mounted else { continue };
        assert_harmless(|_, _| {}, Some(mounted.path()), "read-only", is_refused);
    }
}

#[test]
fn a_directory_that_we_cannot_write_to() {
    if is_root() {
        skipped::<()>(
            "a_directory_that_we_cannot_write_to",
            "root can write to every directory; see read-only file systems",
        );
        return;
    }
    let spoil = |state: &Path, _: &Path| DirBuilder::new().mode(0o500).create(state).expect("it is not there yet");
    assert_harmless(spoil, None, "permission denied", false);
}

#[test]
fn what_a_directory_held_is_there_again_when_it_is() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    wrapper.keep("kept");
    fs::set_permissions(wrapper.state(), Permissions::from_mode(0o777)).expect("it is ours");
    wrapper.run_quietly();
    assert!(jobs(&server).is_empty());
    fs::set_permissions(wrapper.state(), Permissions::from_mode(0o700)).expect("it is ours");
    wrapper.run_quietly();
    assert_eq!(jobs(&server), ["kept"]);
}

#[test]
fn a_directory_of_the_command_line_is_used_instead() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    let directory = wrapper.home().join("given/below");
    let given = wrapper.options(["--spool_dir", directory.to_str().expect("the path is text")]);
    given.keep("kept");
    assert!(!wrapper.state().exists());
    assert_eq!(super::files::json_files(&directory.join("spool")).len(), 1);
    wrapper.run_quietly();
    assert!(jobs(&server).is_empty());
    given.flush(0);
    assert_eq!(jobs(&server), ["kept"]);
}
