//! Files that are no component, or none to be trusted.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::{built_in_component, compiled, compiler};
use crate::spool::files::content;
use crate::spool::wrapper::Wrapper;
use crate::support::{Ending, skipped};

const KEPT: &str = "dogwrap: its result is kept: the next run delivers it, or 'dogwrap --flush'\n";

/// A user with a file that is given as the component.
struct Given {
    wrapper: Wrapper,
    file: PathBuf,
}

impl Given {
    /// Nothing is sent to this address.
    fn new() -> Self {
        let wrapper = Wrapper::to("http://127.0.0.1:9");
        let file = wrapper.home().join("rules.cwasm");
        Self { wrapper: wrapper.options(["--component", file.to_str().expect("it is text")]), file }
    }

    fn with(content: &[u8]) -> Self {
        let given = Self::new();
        fs::write(&given.file, content).expect("it can be written");
        given
    }

    /// Checks that the file is refused because of `what`, whatever is asked for, and that nothing else is any different.
    fn assert_is_refused(&self, what: &str) {
        let reason = format!("'{}' {what}", self.file.display());
        let failed = format!("dogwrap: the component failed: {reason}");
        let said = format!("{failed}; the command runs without it\n");

        let told = self.wrapper.errors_only().run("true");
        assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(0), said.as_str()));
        assert!(self.wrapper.waiting().is_empty());

        let told = self.wrapper.run("echo out; echo error >&2; exit 3");
        assert_eq!((told.ending, told.printed.as_str()), (Ending::Exited(3), "out\n"), "{told:?}");
        assert_eq!(told.said, format!("{said}error\n{KEPT}"));
        let [kept] = self.wrapper.waiting().try_into().expect("one event is kept");
        let kept = content(&kept);
        assert_eq!(kept["reason"], format!("the component failed: {reason}"));
        let text = kept["request"]["body"]["text"].as_str().expect("an event has a text");
        assert!(
            text.contains(&format!("What it printed is not shown: dogwrap's component failed: {reason}.")),
            "{text}"
        );

        let without_command = format!("{failed}\n");
        assert_eq!(self.wrapper.flush(70), without_command);
        let told = self.wrapper.list(["--component", self.file.to_str().expect("it is text")]);
        assert_eq!((told.ending, told.printed.as_str()), (Ending::Exited(70), ""));
        assert_eq!(told.said, without_command);
    }
}

#[test]
fn a_file_that_is_not_there() {
    Given::new().assert_is_refused("cannot be used: no such file or directory");
}

#[test]
fn what_is_no_file() {
    let directory = Given::new();
    fs::create_dir(&directory.file).expect("it can be made");
    directory.assert_is_refused("cannot be used: it is no file");
    // Nobody writes to it, and nobody waits for that.
    let pipe = Given::new();
    mkfifo(&pipe.file, Mode::S_IRWXU).expect("it can be made");
    pipe.assert_is_refused("cannot be used: it is no file");
}

#[test]
fn a_file_that_is_no_component() {
    for content in [&b""[..], b"#!/bin/sh\nexit 0\n", b"\0as", b"\x7fELF", &[0; 4096]] {
        Given::with(content).assert_is_refused("is no component");
    }
    Given::with(b"\0asm\x01\0\0\0").assert_is_refused("is a WebAssembly module, which is no component");
}

#[test]
fn a_component_that_is_not_compiled() {
    let plain = fs::read(built_in_component()).expect("`make component` has built it");
    Given::with(&plain).assert_is_refused(
        "is not compiled, and there is no compiler in this program: compile it with dogwrap-compile",
    );
}

#[test]
fn a_file_that_others_can_have_changed() {
    for mode in [0o664, 0o646, 0o666] {
        let given = Given::with(b"");
        fs::set_permissions(&given.file, Permissions::from_mode(mode)).expect("it is ours");
        given.assert_is_refused("cannot be used: it can be written by others: chmod go-w is missing");
    }
    let given = Given::with(b"");
    if chown(&given.file, Some(12345), None).is_ok() {
        given.assert_is_refused("cannot be used: it belongs to another user");
    } else {
        skipped("a component of another user, which only root can make");
    }
}

#[test]
fn a_name_of_several_lines_is_said_in_one() {
    let wrapper = Wrapper::to("http://127.0.0.1:9").options(["--component", "two\nlines\u{1b}[2J"]);
    let told = wrapper.errors_only().run("exit 0");
    let said = "dogwrap: the component failed: 'two lines [2J' cannot be used: no such file or directory; the command \
                runs without it\n";
    assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(0), said));
}

#[test]
fn a_compiled_component_that_is_cut_short() {
    let Some(compiler) = compiler("a component that is cut short") else { return };
    let given = Given::new();
    let whole = fs::read(compiled(&compiler, given.wrapper.home())).expect("it is there");
    for length in [16, 64, 4096, whole.len() / 2, whole.len() - 1] {
        let given = Given::with(&whole[..length]);
        let told = given.wrapper.errors_only().run("echo out");
        assert_eq!((told.ending, told.printed.as_str()), (Ending::Exited(0), "out\n"), "{length}: {told:?}");
        let beginning = format!("dogwrap: the component failed: '{}' ", given.file.display());
        assert!(told.said.starts_with(&beginning) && told.said.lines().count() == 1, "{length}: {told:?}");
    }
}

#[test]
fn a_component_that_was_compiled_for_another_version() {
    let Some(compiler) = compiler("a component of another version") else { return };
    let given = Given::new();
    let mut content = fs::read(compiled(&compiler, given.wrapper.home())).expect("it is there");
    // The runtime's major version stands behind its length.
    let version = include_str!("../../../host/Cargo.toml").split_once("\nwasmtime = { version = \"=");
    let (version, _) = version.and_then(|(_, rest)| rest.split_once('.')).expect("one version is asked for");
    let marker = [&[version.len() as u8], version.as_bytes()].concat();
    let place = content.windows(marker.len()).position(|bytes| bytes == marker).expect("the version is in it");
    content[place + 1] ^= 1;
    Given::with(&content)
        .assert_is_refused("was compiled for another version of dogwrap or another machine: compile it again");
}
