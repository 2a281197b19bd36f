//! Runs whose wrapper was killed: each is reported once, as what it was, and none that still goes on.

use std::fs;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{Signal, killpg};
use serde_json::Value;

use super::files::now;
use super::sent::{events, events_heard, job_of, jobs};
use super::wrapper::{HOST, OTHER_KEY, Wrapper};
use crate::delivery::peer::{DESERTED, Peer, answer, wait_for_end};
use crate::server::{Answer, Server};
use crate::support::Ending;
use crate::watched::{Gate, eventually, process_in};

/// Kills the wrapper of a job while its command runs, and then the command, which is left behind.
pub fn vanish(wrapper: &Wrapper) {
    let command = wrapper.home().join("command");
    let run = wrapper.start("echo $$ >command; exec sleep 300");
    let group = process_in(&command);
    assert_eq!(run.kill().ending, Ending::Signaled(9));
    killpg(group, Signal::SIGKILL).expect("the command is left behind, in a group of its own");
    wrapper.wait_until_nothing_is_left();
    fs::remove_file(command).expect("it is there");
    assert!(!wrapper.records().is_empty());
}

fn title_of(event: &Value) -> &str {
    event["title"].as_str().expect("an event has a title")
}

#[test]
fn the_next_run_reports_it_once() {
    for submit_mode in ["all", "errors"] {
        let server = Server::start(Answer::default());
        let wrapper = Wrapper::to(server.url());
        vanish(&wrapper.named("backup"));
        for _ in 0..3 {
            let told = wrapper.options(["-m", submit_mode]).run("true");
            assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(0), ""), "{told:?}");
        }
        let mut jobs = jobs(&server);
        jobs.retain(|job| job != "job");
        assert_eq!(jobs, ["backup"], "{submit_mode}");
        assert!(wrapper.records().is_empty() && wrapper.waiting().is_empty());
    }
}

#[test]
fn a_flush_reports_it_once() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    vanish(&wrapper);
    assert_eq!(wrapper.flush(0), format!("dogwrap: 1 delivered to {}, 0 left\n", server.url()));
    assert_eq!(wrapper.flush(0), format!("dogwrap: 0 delivered to {}, 0 left\n", server.url()));
    wrapper.run_quietly();
    assert_eq!(title_of(&events(&server)[0]), format!("[{HOST}] job vanished"));
    assert_eq!(jobs(&server), ["job"]);
}

#[test]
fn it_is_reported_with_all_that_the_job_was_given() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    let before = now().as_secs();
    let options =
        ["--tags", "team:storage,disk", "--notify_error", "@oncall", "--notify_success", "@nobody", "-p", "low"];
    vanish(&wrapper.named("nightly backup").options(options));
    let after = now().as_secs();
    wrapper.run_quietly();
    let [event] = events(&server).try_into().expect("there is one event");
    assert_eq!(title_of(&event), format!("[{HOST}] nightly backup vanished"));
    assert_eq!((&event["alert_type"], &event["priority"]), (&"error".into(), &"low".into()));
    assert_eq!((&event["aggregation_key"], &event["host"]), (&"nightly backup".into(), &HOST.into()));
    assert_eq!(event["tags"], serde_json::json!(["team:storage", "disk"]));
    let text = event["text"].as_str().expect("an event has a text");
    assert!(text.contains("@oncall") && !text.contains("@nobody") && text.contains("exec sleep 300"), "{text}");
    let started = text.split("This run started at ").nth(1).and_then(|rest| rest.split(". ").next());
    let started = started.and_then(|time| humantime::parse_rfc3339(time).ok()).expect("the text says when it started");
    let started = started.duration_since(std::time::UNIX_EPOCH).expect("it was not before 1970").as_secs();
    assert!((before..=after).contains(&started), "{text}");
    assert!(event["date_happened"].as_u64().is_some_and(|time| time >= started), "{event}");
}

#[test]
fn its_priority_is_normal_unless_another_was_given() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    vanish(&wrapper);
    wrapper.flush(0);
    assert_eq!(events(&server)[0]["priority"], "normal");
}

#[test]
fn runs_that_go_on_report_nothing_of_each_other() {
    const RUNS: usize = 20;
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    let gate = Gate::new(wrapper.home().join("gate"));
    let run = |number: usize| wrapper.named(format!("{number}")).start(&format!("read line <gate; exit {number}"));
    let runs: Vec<_> = (0..RUNS).map(run).collect();
    eventually("twenty records", || (wrapper.records().len() == RUNS).then_some(()));
    for _ in 0..3 {
        wrapper.run_quietly();
    }
    wrapper.flush(0);
    assert!(events(&server).is_empty(), "{:?}", jobs(&server));

    (0..RUNS).for_each(|_| gate.open());
    for (number, run) in runs.into_iter().enumerate() {
        let told = run.finish();
        assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(number as i32), ""), "{told:?}");
    }
    wrapper.flush(0);
    let events = events(&server);
    assert!(!events.iter().any(|event| title_of(event).contains("vanished")), "{events:?}");
    assert_eq!(events.len(), RUNS);
    assert!(wrapper.records().is_empty());
}

#[test]
fn each_is_reported_to_its_own_destination() {
    let servers = [0, 1].map(|_| Server::start(Answer::default()));
    let wrapper = Wrapper::to(servers[0].url());
    let (there, keyed) = (wrapper.at(servers[1].url()), wrapper.key(OTHER_KEY));
    for (wrapper, name) in [(&wrapper, "here"), (&there, "there"), (&keyed, "keyed")] {
        vanish(&wrapper.named(name));
    }
    wrapper.run_quietly();
    assert_eq!((jobs(&servers[0]), jobs(&servers[1]).len()), (vec!["here".to_owned()], 0));
    assert!(wrapper.records().is_empty());
    there.run_quietly();
    assert_eq!((jobs(&servers[0]).len(), jobs(&servers[1])), (1, vec!["there".to_owned()]));
    keyed.run_quietly();
    assert_eq!(jobs(&servers[0]), ["here", "keyed"]);
    assert!(wrapper.waiting().is_empty());
}

#[test]
fn what_was_being_delivered_is_reported_as_what_it_was() {
    for metric in [false, true] {
        let is_silent = AtomicBool::new(true);
        let server = Peer::start(move |stream, heard| {
            heard.listen(&stream)?;
            if is_silent.swap(false, Ordering::Relaxed) {
                return wait_for_end(&stream);
            }
            (&stream).write_all(answer("202 Accepted", "", "").as_bytes())
        });
        let wrapper = Wrapper::to(server.url());
        let options = if metric { vec!["--send_metric"] } else { Vec::new() };
        let job = options.into_iter().fold(wrapper.named("backup"), |job, option| job.options([option]));
        let run = job.start("echo what it printed; exit 3");
        server.wait_for_request();
        assert_eq!(run.kill().ending, Ending::Signaled(9));
        let number = if metric { 2 } else { 1 };
        assert_eq!(wrapper.flush(0), format!("dogwrap: {number} delivered to {}, 0 left\n", server.url()));

        let events = events_heard(&server);
        let event = events.last().expect("the event was heard");
        assert_eq!((events.len(), job_of(event).as_str()), (1 + number, "backup"));
        assert!(title_of(event).contains("backup failed in") && event["date_happened"].is_u64(), "{event}");
        assert!(event["text"].as_str().is_some_and(|text| text.contains("what it printed")), "{event}");
        assert!(wrapper.records().is_empty() && wrapper.waiting().is_empty());
    }
}

#[test]
fn it_waits_like_everything_else_when_the_api_is_not_there() {
    let wrapper = Wrapper::to(format!("http://{DESERTED}"));
    vanish(&wrapper.named("backup"));
    wrapper.run_quietly();
    assert_eq!(wrapper.waiting_jobs(), ["backup"]);
    assert!(wrapper.records().is_empty());
}

#[test]
fn without_a_spool_there_is_no_record() {
    let wrapper = Wrapper::to(format!("http://{DESERTED}")).options(["--no_spool"]);
    let gate = Gate::new(wrapper.home().join("gate"));
    let run = wrapper.start("echo $$ >command; read line <gate");
    process_in(&wrapper.home().join("command"));
    assert!(!wrapper.state().exists());
    gate.open();
    assert_eq!(run.finish().ending, Ending::Exited(0));
    assert!(!wrapper.state().exists());
}
