//! Symbolic links in the place of the state directory or of what is in it: nothing leads out.

use std::os::unix::fs::symlink;
use std::path::Path;

use super::directory::{assert_harmless, canary, make_directory, snapshot};
use super::wrapper::Wrapper;
use crate::server::{Answer, Server};
use crate::support::Ending;

#[test]
fn a_symbolic_link_in_the_place_of_the_directory() {
    for is_relative in [false, true] {
        let spoil = |state: &Path, home: &Path| {
            let target = if is_relative { "../canary".into() } else { home.join("canary") };
            symlink(target, state).expect("a link can be made");
        };
        assert_harmless(spoil, None, "is no directory, or a symbolic link", true);
    }
}

#[test]
fn a_symbolic_link_inside_that_leads_out() {
    for names in [&["spool"][..], &["spool", "running", "set_aside"]] {
        for is_relative in [false, true] {
            let spoil = |state: &Path, home: &Path| {
                make_directory(state);
                for name in names {
                    let target = if is_relative { "../../canary".into() } else { home.join("canary") };
                    symlink(target, state.join(name)).expect("a link can be made");
                }
            };
            assert_harmless(spoil, None, "", false);
        }
    }
}

#[test]
fn a_symbolic_link_in_the_place_of_what_is_rarely_needed() {
    let server = Server::start(Answer { status: 400, body: String::new() });
    for (name, is_kept) in [("running", true), ("set_aside", false)] {
        let wrapper = Wrapper::to(server.url());
        let canary = canary(wrapper.home());
        make_directory(wrapper.state().parent().expect("it has a parent"));
        make_directory(&wrapper.state());
        symlink("../../canary", wrapper.state().join(name)).expect("a link can be made");
        let before = snapshot(&canary);
        let told = wrapper.run("exit 3");
        assert_eq!((told.ending, told.said.lines().count()), (Ending::Exited(3), 1), "{told:?}");
        assert_eq!(told.said.contains("; and not kept: "), !is_kept, "{told:?}");
        assert_eq!(before, snapshot(&canary));
    }
}

#[test]
fn a_lock_that_is_a_symbolic_link_is_not_followed() {
    let server = Server::start(Answer::default());
    for target in ["canary/file", "canary/new"] {
        let wrapper = Wrapper::to(server.url());
        wrapper.keep("kept");
        symlink(wrapper.home().join(target), wrapper.state().join("delivery.lock")).expect("a link can be made");
        let canary = canary(wrapper.home());
        let before = snapshot(&canary);
        wrapper.run_quietly();
        assert_eq!(wrapper.run("exit 3").ending, Ending::Exited(3));
        let said = wrapper.flush(1);
        assert!(said.contains("cannot deliver what waits in ") && said.lines().count() == 1, "{said}");
        assert_eq!(before, snapshot(&canary));
        assert_eq!(wrapper.waiting_jobs(), ["kept"]);
    }
}
