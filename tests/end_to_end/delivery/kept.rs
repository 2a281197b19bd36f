//! Keeping what could not be delivered, and what is said where that cannot be done either.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};

use super::peer::DESERTED;
use super::reporter::Reporter;
use crate::support::Ending;

/// A reporter of which every event has to be kept.
fn reporter() -> Reporter {
    Reporter::to(format!("http://{DESERTED}")).impatient()
}

/// Why `reporter` does not even keep an event, from the one line that says so.
fn reason_of_not_keeping(reporter: &Reporter) -> String {
    let [failure, success] = [3, 0].map(|status| {
        let told = reporter.run(&format!("exit {status}"));
        assert_eq!(told.ending, Ending::Exited(status), "{told:?}");
        told.said
    });
    assert_eq!(failure, success);
    let beginning = format!("dogwrap: event not delivered to {}: connection refused; and not kept: ", reporter.api());
    let reason = failure.strip_prefix(&beginning).and_then(|rest| rest.strip_suffix('\n'));
    let reason = reason.unwrap_or_else(|| panic!("{failure:?} does not begin with {beginning:?}"));
    assert!(!reason.is_empty() && !reason.contains('\n'), "{failure:?}");
    reason.to_owned()
}

#[test]
fn an_event_is_kept_as_it_would_have_been_sent() {
    let reporter = reporter().options(["--tags", "team:storage", "--notify_error", "@oncall"]);
    reporter.run("exit 3");
    let [kept] = reporter.kept().try_into().expect("one event is kept");
    let event = &kept.request.body;
    assert!(event["title"].as_str().is_some_and(|title| title.contains("job failed in ")), "{event}");
    assert!(event["text"].as_str().is_some_and(|text| text.contains("@oncall")), "{event}");
    assert_eq!((&event["aggregation_key"], &event["tags"][0]), (&"job".into(), &"team:storage".into()));
}

#[test]
fn every_event_has_a_file_of_its_own_also_of_runs_at_once() {
    const RUNS: usize = 8;
    let reporter = reporter();
    let runs: Vec<_> = (0..RUNS).map(|_| reporter.start("exit 3")).collect();
    for run in runs {
        assert_eq!(run.finish().ending, Ending::Exited(3));
    }
    assert_eq!(reporter.kept().len(), RUNS);
}

#[test]
fn a_state_directory_that_cannot_be_made_is_said() {
    for impossible in ["/dev/null", "/dev/null/below", "/proc"] {
        reason_of_not_keeping(&reporter().variable("XDG_STATE_HOME", impossible));
    }
}

#[test]
fn a_state_directory_that_cannot_be_written_is_said() {
    let reporter = reporter();
    let state = reporter.spool().parent().expect("the spool is in the state directory").to_owned();
    DirBuilder::new().mode(0o700).create(state).expect("the directory is not there yet");
    let in_the_way = File::options().create_new(true).write(true).mode(0o600).open(reporter.spool());
    in_the_way.expect("nothing is there yet");
    reason_of_not_keeping(&reporter);
}

#[test]
fn without_a_home_there_is_no_state_directory() {
    // Root's is the system's, wherever its home is.
    let is_root = fs::metadata("/proc/self").expect("the system has /proc").uid() == 0;
    if is_root {
        return;
    }
    for home in ["", "relative", "/dev/null"] {
        for state in ["", "relative"] {
            reason_of_not_keeping(&reporter().variable("HOME", home).variable("XDG_STATE_HOME", state));
        }
    }
}

#[test]
fn a_flush_without_a_state_directory_has_nothing_to_deliver() {
    let reporter = reporter().variable("XDG_STATE_HOME", "/dev/null");
    let told = reporter.flush();
    let beginning = "dogwrap: there is nothing to deliver: the state directory '/dev/null/dogwrap' ";
    assert!(told.said.starts_with(beginning) && told.said.lines().count() == 1, "{told:?}");
    assert_eq!(told.ending, Ending::Exited(1));
}
