//! `--spool`: what waits and what was set aside, for people and for programs.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::Value;

use super::files::{content, now};
use super::wrapper::Wrapper;
use crate::delivery::peer::{DESERTED, Peer, answer};
use crate::support::Ending;
use crate::watched::eventually;

const NOTHING: &str = "nothing waits, and nothing was set aside\n";

/// What is listed, of a user of whom an event was set aside and two wait.
fn wrapper(server: &Peer) -> Wrapper {
    let wrapper = Wrapper::to(server.url());
    assert_eq!(wrapper.named("refused").run("exit 3").ending, Ending::Exited(3));
    wrapper.at(format!("http://{DESERTED}")).options(["--delivery_timeout", "1"]).named("nightly backup").run("exit 3");
    wrapper.key("").named("k").run("exit 3");
    wrapper
}

fn refusing() -> Peer {
    Peer::answering(|_| answer("400 No", "", r#"{"errors":["bad tag"]}"#))
}

/// What was printed, by a listing that says nothing else.
fn printed<const N: usize>(wrapper: &Wrapper, options: [&str; N]) -> String {
    let told = wrapper.list(options);
    assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(0), ""), "{told:?}");
    told.printed
}

#[test]
fn the_table_has_a_line_for_each() {
    let server = refusing();
    let table = printed(&wrapper(&server), []);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 4, "{table}");
    let expected = [
        ["STATE", "HAPPENED", "JOB", "WHAT", "TRIED", "SITE", "WHY"],
        ["waiting", "20", "nightly backup", "event", "1", "http://127.0.0.1:1", "connection refused"],
        ["waiting", "20", "k", "event", "", &server.url(), "no API key was given"],
        ["set aside", "20", "refused", "event", "1", &server.url(), "400 Bad Request: bad tag"],
    ];
    // Every column begins where its heading does.
    for (line, cells) in lines.iter().zip(expected) {
        assert_eq!(line.trim_end(), *line);
        for (heading, cell) in expected[0].into_iter().zip(cells) {
            let start = lines[0].find(heading).expect("the first line is the headings");
            assert!(line[start..].starts_with(cell), "{cell:?} does not begin below {heading:?}:\n{table}");
            assert!(start == 0 || line[..start].ends_with("  "), "{heading:?}:\n{table}");
        }
    }
}

#[test]
fn a_line_of_json_for_each_says_everything() {
    let before = now().as_secs();
    let server = refusing();
    let wrapper = wrapper(&server);
    let lines: Vec<Value> =
        printed(&wrapper, ["--json"]).lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let field = |name: &str| lines.iter().map(|line| line[name].clone()).collect::<Vec<_>>();
    assert_eq!(field("state"), ["waiting", "waiting", "set aside"]);
    assert_eq!(field("job"), ["nightly backup", "k", "refused"]);
    assert_eq!(field("kind"), ["event", "event", "event"]);
    assert_eq!(field("api"), [format!("http://{DESERTED}"), server.url(), server.url()]);
    assert_eq!(field("lacks_key"), [false, true, false]);
    assert_eq!(field("reason"), ["connection refused", "no API key was given", "400 Bad Request: bad tag"]);
    for line in &lines {
        for name in ["happened_at", "tried_at"] {
            let time = line[name].as_str().expect("a time is text");
            let time = humantime::parse_rfc3339(time).expect("a time is as RFC 3339 has it");
            let time = time.duration_since(std::time::UNIX_EPOCH).expect("it is after 1970").as_secs();
            assert!((before..=now().as_secs()).contains(&time), "{line}");
        }
        let file = line["file"].as_str().expect("a path is text");
        assert_eq!(content(file.as_ref())["job"], line["job"]);
    }
}

#[test]
fn with_nothing_kept_there_is_nothing_to_list() {
    let wrapper = Wrapper::to(format!("http://{DESERTED}"));
    assert_eq!(printed(&wrapper, []), NOTHING);
    assert_eq!(printed(&wrapper, ["--json"]), "");
    wrapper.keep("job");
    fs::remove_file(&wrapper.waiting()[0]).expect("it is there");
    assert_eq!(printed(&wrapper, []), NOTHING);
}

#[test]
fn a_name_cannot_command_the_terminal() {
    let wrapper = Wrapper::to(format!("http://{DESERTED}"));
    wrapper.keep("e\u{1b}[2J\nwaiting  forged\tü");
    let table = printed(&wrapper, []);
    assert_eq!(table.lines().count(), 2, "{table}");
    assert!(!table.contains('\u{1b}') && !table.contains('\t') && table.contains("e [2J waiting  forged ü"), "{table}");
    let lines = printed(&wrapper, ["--json"]);
    assert_eq!(lines.lines().count(), 1, "{lines}");
}

#[test]
fn files_of_others_are_left_alone() {
    let server = Peer::answering(|_| answer("202 Accepted", "", ""));
    let wrapper = Wrapper::to(server.url());
    wrapper.keep("job");
    let directories = ["spool", "set_aside"].map(|name| wrapper.state().join(name));
    DirBuilder::new().recursive(true).mode(0o700).create(&directories[1]).expect("a directory can be made");
    let names = ["notes.txt", "1.json", "1795376346000-0-0.json", "1795376346001-0-0.json", ".json"];
    let contents: [&[u8]; 5] = [b"hello", b"{}", b"", b"\xff{", b"{\"job\":1}"];
    let paths: Vec<_> = directories.iter().flat_map(|directory| names.map(|name| directory.join(name))).collect();
    for (path, content) in paths.iter().zip(contents.into_iter().cycle()) {
        fs::write(path, content).expect("a file can be written");
    }
    let below = directories.each_ref().map(|directory| directory.join("1795376346002-0-0.json"));
    for path in &below {
        DirBuilder::new().mode(0o700).create(path).expect("a directory can be made");
    }

    assert_eq!(printed(&wrapper, []).lines().count(), 2);
    wrapper.run_quietly();
    assert_eq!(server.heard().len(), 1);
    assert_eq!(wrapper.flush(0), format!("dogwrap: 0 delivered to {}, 0 left\n", server.url()));
    assert!(paths.iter().chain(&below).all(|path| path.exists()));
}

#[test]
fn a_named_pipe_among_the_files_holds_nobody_up() {
    let server = Peer::answering(|_| answer("202 Accepted", "", ""));
    let wrapper = Wrapper::to(server.url());
    wrapper.keep("job");
    let pipe = wrapper.waiting()[0].with_file_name("1795376346000-0-0.json");
    mkfifo(&pipe, Mode::S_IRWXU).expect("a named pipe can be made");
    let mut run = wrapper.errors_only().start("true");
    let deadline = Instant::now() + Duration::from_secs(10);
    eventually("an end", || (run.is_over() || Instant::now() > deadline).then_some(()));
    let is_over = run.is_over();
    // Whoever waits at the pipe for somebody to write is let go.
    let _writer = File::options().read(true).write(true).open(&pipe).expect("a pipe can be opened");
    assert!(is_over, "the run is held up by a named pipe in the directory of what waits");
    assert_eq!(run.finish().ending, Ending::Exited(0));
    assert_eq!(server.heard().len(), 1);
}

#[test]
fn a_directory_that_cannot_be_used_is_said_in_one_line() {
    let wrapper = Wrapper::to(format!("http://{DESERTED}"));
    for (state_home, reason) in [("/dev/null", "is no directory"), ("/proc", "cannot be made")] {
        let told = wrapper.state_below(state_home).list([]);
        assert_eq!((told.ending, told.printed.as_str()), (Ending::Exited(1), ""), "{told:?}");
        let beginning = format!("dogwrap: there is nothing to list: the state directory '{state_home}/dogwrap' ");
        assert!(told.said.starts_with(&beginning) && told.said.contains(reason), "{told:?}");
        assert_eq!(told.said.lines().count(), 1, "{told:?}");
    }
}
