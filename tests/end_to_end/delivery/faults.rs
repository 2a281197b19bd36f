//! A matrix of faults: whatever is wrong on the way to the API, the command's status stands, one line says what it is,
//! and once it is mended the event is delivered exactly once, unless the API has said that it never will be.
//!
//! Each line of [`table::faults`] is a fault with what is expected of it, and [`check`] checks all of that.

mod misbehaviour;
mod place;
mod table;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use regex_lite::Regex;
use serde_json::Value;

use self::place::Place;
use self::table::Course::{self, Final, Lasting, Passing, Slow};
use self::table::{Fault, faults};
use super::concurrently::check_all;
use super::peer::field;
use super::reporter::{API_KEY, Fate, IMPATIENT_ATTEMPTS, PROMPTLY, Reporter};
use super::stored::Kept;
use crate::support::Ending;

/// Checks everything that is promised of the faults of a course, for commands that fail and that succeed.
fn check_those(course: Course) {
    let faults = faults();
    let faults = faults.iter().filter(|fault| fault.course == course);
    let cases: Vec<_> = faults.flat_map(|fault| [(fault, 3), (fault, 0)]).collect();
    check_all(
        &cases,
        |(fault, status)| format!("{}, exit {status}", fault.name),
        |(fault, status)| check(fault, *status),
    );
}

fn check(fault: &Fault, status: i32) {
    let place = (fault.place)();
    let kept = check_while_it_lasts(fault, &place, status);
    check_once_it_is_mended(fault, &place, &kept);
}

/// Runs a command, checks what becomes of the run and of its event, and returns the latter as it is kept.
fn check_while_it_lasts(fault: &Fault, place: &Place, status: i32) -> Kept {
    let reporter = match fault.course {
        Passing => place.reporter.impatient(),
        Slow => place.reporter.clone().options(["--delivery_timeout", "1"]),
        // What is given up at once has all the time that is usual.
        Lasting | Final => place.reporter.clone(),
    };
    let began_at = seconds_since_1970();
    let told = reporter.run(&format!("exit {status}"));
    assert_eq!(told.ending, Ending::Exited(status), "{told:?}");
    assert!(told.duration < PROMPTLY, "{told:?}");

    let (fate, stored, others) = match fault.course {
        Final => (Fate::SetAside, reporter.set_aside(), reporter.kept()),
        _ => (Fate::Kept, reporter.kept(), reporter.set_aside()),
    };
    assert_eq!(others.len(), 0, "{others:?}");
    let [kept] = <[Kept; 1]>::try_from(stored).expect("there is one event");
    assert_eq!(kept.reason, reporter.reason_given_of("event", fate, &told));
    let reason = Regex::new(&format!("^({})$", fault.reason)).expect("it is a regular expression");
    assert!(reason.is_match(&kept.reason), "{:?} is not {:?}", kept.reason, fault.reason);
    assert_eq!((kept.request.kind.as_str(), kept.job.as_str(), kept.tried), ("event", "job", 1));
    assert_eq!(kept.request.body["alert_type"], if status == 0 { "success" } else { "error" });
    assert_eq!(kept.recipient.api, reporter.api());
    assert!((began_at..=seconds_since_1970()).contains(&kept.happened_at), "{kept:?}");

    if let Some(attempts) = place.attempts_that_failed() {
        match fault.course {
            Passing => assert_eq!(attempts, IMPATIENT_ATTEMPTS),
            Slow => assert!(attempts > 0),
            Lasting | Final => assert_eq!(attempts, 1),
        }
    }
    assert_eq!(place.delivered(), [""; 0], "the key went elsewhere");
    kept
}

/// Checks that the next run delivers what is `kept`, and that nothing else is ever said of it.
fn check_once_it_is_mended(fault: &Fault, place: &Place, kept: &Kept) {
    let mended = place.mended();
    mended.assert_delivered("exit 0", 0);
    let own_and_late = place.delivered();
    mended.assert_delivered("exit 0", 0);
    assert_eq!(place.delivered().len(), own_and_late.len() + 1, "it is delivered once");
    assert!(own_and_late.iter().all(|request| field(request, "dd-api-key") == Some(API_KEY)), "{own_and_late:?}");

    let events: Vec<_> = own_and_late.iter().map(|request| event(request)).collect();
    assert_eq!((&events[0]["alert_type"], &events[0]["date_happened"]), (&"success".into(), &Value::Null));
    let late = if fault.course == Final { vec![] } else { vec![kept.event_later()] };
    assert_eq!(events[1..], late);
    check_list(fault, &mended, kept);
}

/// Checks what is listed at the end: what was set aside, and nothing else.
fn check_list(fault: &Fault, reporter: &Reporter, kept: &Kept) {
    let listed = reporter.list();
    if fault.course != Final {
        assert_eq!((listed.as_str(), reporter.set_aside().len()), ("nothing waits, and nothing was set aside\n", 0));
        return;
    }
    let [_, line] = listed.lines().collect::<Vec<_>>().try_into().expect("there is a heading and a line");
    assert!(line.starts_with("set aside  ") && line.ends_with(&kept.reason), "{listed}");
    assert_eq!(reporter.set_aside().len(), 1);
}

fn event(request: &str) -> Value {
    let (_, body) = request.split_once("\r\n\r\n").expect("a request has a head");
    serde_json::from_str(body).expect("an event is JSON")
}

fn seconds_since_1970() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).as_ref().map_or(0, Duration::as_secs)
}

#[test]
fn what_may_pass_is_tried_again_and_kept() {
    check_those(Passing);
}

#[test]
fn what_takes_too_long_is_given_up_and_kept() {
    check_those(Slow);
}

#[test]
fn what_does_not_pass_by_itself_is_kept_at_once() {
    check_those(Lasting);
}

#[test]
fn what_the_api_will_never_take_is_set_aside() {
    check_those(Final);
}

/// Checks that a fault which has passed by the second attempt is not even mentioned.
fn check_that_passes(fault: &Fault) {
    let place = (fault.place)();
    if !place.passes_after(1) {
        return;
    }
    place.reporter.assert_delivered("exit 3", 3);
    let [request] = place.delivered().try_into().expect("there is one event");
    assert_eq!((&event(&request)["alert_type"], &event(&request)["date_happened"]), (&"error".into(), &Value::Null));
    assert_eq!(place.attempts_that_failed(), Some(1));
}

#[test]
fn what_has_passed_by_the_second_attempt_is_not_mentioned() {
    let faults = faults();
    let cases: Vec<_> = faults.iter().filter(|fault| fault.course == Passing).collect();
    check_all(&cases, |fault| fault.name.to_owned(), |fault| check_that_passes(fault));
}
