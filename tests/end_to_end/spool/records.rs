//! Records of runs: what one takes, and those that are not as the program writes them, which are said once, and gone.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::sent::{events, jobs};
use super::vanished::vanish;
use super::wrapper::Wrapper;
use crate::server::{Answer, Server};
use crate::support::Ending;

/// A record's name, of a run that started at 2026-11-22T19:39:06Z.
const NAME: &str = "1795376346000-0123456789abcdef-0.json";
const DAMAGED: &str = "dogwrap: a run that started at 2026-11-22T19:39:06Z vanished, and its record is damaged: \
                       it cannot be reported\n";

/// The path of a record that is not there yet, in a directory that is.
fn record(wrapper: &Wrapper) -> PathBuf {
    let directory = wrapper.state().join("running");
    DirBuilder::new().recursive(true).mode(0o700).create(&directory).expect("a directory can be made");
    directory.join(NAME)
}

#[test]
fn a_record_takes_no_thread() {
    let threads = |wrapper: &Wrapper| {
        let told = wrapper.run("sed -n 's/^Threads:[[:space:]]*//p' /proc/$PPID/status");
        assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(0), ""), "{told:?}");
        told.printed.trim().parse::<u32>().unwrap_or_else(|_| panic!("a number: {told:?}"))
    };
    let wrapper = Wrapper::to("us1").errors_only();
    assert_eq!(threads(&wrapper), threads(&wrapper.options(["--no_spool"])));
}

#[test]
fn a_damaged_record_is_said_once_and_removed() {
    let contents: [&[u8]; 6] = [b"", b"{", b"\0\xff\xfe\n", b"{}\n", b"\n\n", b"{\"done\":0}\n"];
    for content in contents {
        for is_flush in [false, true] {
            let server = Server::start(Answer::default());
            let wrapper = Wrapper::to(server.url());
            fs::write(record(&wrapper), content).expect("a record can be written");
            let summary = format!("dogwrap: 0 delivered to {}, 0 left\n", server.url());
            if is_flush {
                assert_eq!(wrapper.flush(0), format!("{DAMAGED}{summary}"));
            } else {
                let told = wrapper.errors_only().run("true");
                assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(0), DAMAGED), "{told:?}");
            }
            assert!(wrapper.records().is_empty());
            wrapper.run_quietly();
            assert_eq!(wrapper.flush(0), summary);
            assert!(events(&server).is_empty());
        }
    }
}

#[test]
fn a_truncated_record_is_damaged_only_when_its_first_line_is() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    vanish(&wrapper.named("backup"));
    let [path] = wrapper.records().try_into().expect("there is one record");
    let whole = fs::read(&path).expect("a record can be read");
    fs::remove_file(path).expect("a record can be removed");

    fs::write(record(&wrapper), &whole[..whole.len() / 2]).expect("a record can be written");
    assert!(wrapper.flush(0).starts_with(DAMAGED));
    assert!(events(&server).is_empty());

    let broken_off = [whole.as_slice(), b"{\"ended\":{\"happened_at\":17"].concat();
    fs::write(record(&wrapper), broken_off).expect("a record can be written");
    wrapper.run_quietly();
    assert_eq!(jobs(&server), ["backup"]);
    assert!(wrapper.records().is_empty() && wrapper.waiting().is_empty());
}

#[test]
fn what_is_no_record_is_left_alone() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    let directory = record(&wrapper);
    DirBuilder::new().mode(0o700).create(&directory).expect("a directory can be made");
    let pipe = directory.with_file_name("1795376346001-0123456789abcdef-0.json");
    mkfifo(&pipe, Mode::S_IRWXU).expect("a named pipe can be made");
    let others = ["notes.txt", "1.json", "record.unfinished"].map(|name| directory.with_file_name(name));
    for path in &others {
        fs::write(path, "{").expect("a file can be written");
    }
    wrapper.run_quietly();
    wrapper.flush(0);
    assert!(others.iter().chain([&directory]).all(|path| path.exists()));
    assert!(events(&server).is_empty());
}
