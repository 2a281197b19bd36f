//! What is kept of the run: what is known of it, once, for a later delivery.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::{FAILED, KEPT, OPTION, REASON};
use crate::server::{Answer, Server};
use crate::spool::files::content;
use crate::spool::sent::{events, jobs};
use crate::spool::wrapper::{HOST, Wrapper};
use crate::support::Ending;

/// Runs a command without a component, and returns what is said.
fn said_of(wrapper: &Wrapper, command: &str, status: i32) -> String {
    let told = wrapper.options(OPTION).run(command);
    assert_eq!(told.ending, Ending::Exited(status), "{told:?}");
    assert!(wrapper.records().is_empty());
    told.said
}

#[test]
fn the_event_says_what_is_known_and_what_is_not() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url()).options(["--tags", "a:b", "--notify_error", "@me"]);
    assert_eq!(said_of(&wrapper, "echo out; exit 3", 3), format!("{FAILED}{KEPT}"));
    let [file] = wrapper.waiting().try_into().expect("one event is kept");
    let kept = content(&file);
    assert_eq!(kept["reason"], format!("the component failed: {REASON}"));
    assert_eq!((&kept["job"], &kept["tried"]), (&"job".into(), &0.into()));
    let event = &kept["request"]["body"];
    assert_eq!(event["alert_type"], "error");
    assert_eq!(event["host"], HOST);
    assert_eq!(event["tags"], serde_json::json!(["a:b"]));
    let title = event["title"].as_str().expect("an event has a title");
    assert!(title.starts_with("[host] job failed in 0.") || title.starts_with("[host] job failed in "), "{title}");
    let text = format!(
        "%%%\n**>>>> CMD <<<<**\n```\necho out; exit 3 \n```\n**>>>> EXIT CODE <<<<**\n\n 3\n\n\n\
         *What it printed is not shown: dogwrap's component failed: {REASON}.*\n\
         **>>>> NOTIFICATIONS <<<<**\n\n @me\n%%%\n"
    );
    assert_eq!(event["text"], text);
    assert!(events(&server).is_empty());
}

#[test]
fn a_flush_delivers_it_exactly_once() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    said_of(&wrapper.named("first"), "exit 3", 3);
    said_of(&wrapper.named("second"), "exit 4", 4);
    assert_eq!(wrapper.waiting_jobs(), ["first", "second"]);
    assert_eq!(wrapper.flush(0), format!("dogwrap: 2 delivered to {}, 0 left\n", server.url()));
    assert_eq!(wrapper.flush(0), format!("dogwrap: 0 delivered to {}, 0 left\n", server.url()));
    assert_eq!(jobs(&server), ["first", "second"]);
    assert!(wrapper.waiting().is_empty());
}

#[test]
fn the_next_run_delivers_it_exactly_once() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    said_of(&wrapper, "exit 3", 3);
    wrapper.run_quietly();
    wrapper.run_quietly();
    assert_eq!(jobs(&server), ["job"]);
}

#[test]
fn only_what_is_to_be_submitted_is_kept() {
    let wrapper = Wrapper::to("http://127.0.0.1:9");
    assert_eq!(said_of(&wrapper.errors_only(), "true", 0), FAILED);
    assert!(wrapper.waiting().is_empty());
    assert_eq!(said_of(&wrapper, "true", 0), format!("{FAILED}{KEPT}"));
    said_of(&wrapper.errors_only().options(["--warning_codes", "4"]), "exit 4", 4);
    said_of(&wrapper.errors_only(), "exit 4", 4);
    let types = wrapper.waiting().into_iter().map(|file| content(&file)["request"]["body"]["alert_type"].take());
    assert_eq!(types.collect::<Vec<_>>(), ["success", "warning", "error"]);
}

#[test]
fn the_metric_is_kept_as_well() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    assert_eq!(said_of(&wrapper.options(["--send_metric"]), "exit 3", 3), format!("{FAILED}{KEPT}"));
    assert_eq!(wrapper.waiting().len(), 2);
    assert_eq!(wrapper.flush(0), format!("dogwrap: 2 delivered to {}, 0 left\n", server.url()));
}

#[test]
fn it_is_said_when_nothing_can_be_kept() {
    let wrapper = Wrapper::to("http://127.0.0.1:9");
    let said = said_of(&wrapper.options(["--no_spool"]), "exit 3", 3);
    assert_eq!(said, format!("{FAILED}dogwrap: the event is lost: --no_spool keeps nothing\n"));
    assert!(!wrapper.state().exists());
    assert_eq!(said_of(&wrapper.errors_only().options(["--no_spool"]), "true", 0), FAILED);

    fs::create_dir_all(wrapper.state()).expect("it can be made");
    fs::set_permissions(wrapper.state(), Permissions::from_mode(0o777)).expect("it is ours");
    let reason =
        format!("the state directory '{}' can be written by others: chmod go-w is missing", wrapper.state().display());
    assert_eq!(said_of(&wrapper, "exit 3", 3), format!("{FAILED}dogwrap: the event is lost: {reason}\n"));
    assert!(wrapper.waiting().is_empty());
}
