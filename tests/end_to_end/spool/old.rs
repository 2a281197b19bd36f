//! What has waited for long: events say when they happened in the way that the API takes, metrics are set aside.

use std::time::{Duration, UNIX_EPOCH};

use super::files::{content, make_older};
use super::sent::events;
use super::wrapper::Wrapper;
use crate::server::{Answer, Server};
use crate::support::Ending;

const HOUR: Duration = Duration::from_secs(60 * 60);
const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn an_event_whose_date_the_api_would_refuse_says_it_in_its_text() {
    for is_flush in [false, true] {
        let server = Server::start(Answer::default());
        let wrapper = Wrapper::to(server.url());
        wrapper.options(["--notify_error", "@oncall"]).keep_all(["old", "young"]);
        let [old, young] = wrapper.waiting().try_into().expect("two events wait");
        let happened_at = [make_older(&old, 17 * HOUR + MINUTE), make_older(&young, 17 * HOUR - MINUTE)];
        if is_flush {
            wrapper.flush(0);
        } else {
            wrapper.run_quietly();
        }
        let [old, young] = events(&server).try_into().expect("there are two events");
        let text = |event: &serde_json::Value| event["text"].as_str().expect("an event has a text").to_owned();
        assert!(old.get("date_happened").is_none(), "{old}");
        // The text was written when the event was kept: what the test has changed since is not in it.
        let time = UNIX_EPOCH + Duration::from_secs(happened_at[0]) + 17 * HOUR + MINUTE;
        let time = humantime::format_rfc3339_seconds(time);
        assert!(text(&old).contains(&format!("*This happened at {time}. It could not be delivered before.*")), "{old}");
        assert!(text(&old).contains("@oncall"), "{old}");
        assert_eq!(young["date_happened"], happened_at[1]);
        assert!(!text(&young).contains("This happened at"), "{young}");
    }
}

#[test]
fn a_metric_that_the_api_would_refuse_is_set_aside() {
    for is_flush in [false, true] {
        let server = Server::start(Answer::default());
        let wrapper = Wrapper::to(server.url());
        wrapper.options(["--send_metric"]).keep_all(["old", "young"]);
        let metrics: Vec<_> =
            wrapper.waiting().into_iter().filter(|path| content(path)["request"]["kind"] == "metric").collect();
        let [old, young] = metrics.try_into().expect("two metrics wait");
        make_older(&old, HOUR + MINUTE);
        make_older(&young, HOUR - MINUTE);
        let reason = "the API takes no metric that is over an hour old";
        let line = format!("dogwrap: metric of 'old' set aside, it will never be accepted: {reason}; see --spool\n");
        if is_flush {
            let summary = format!("dogwrap: 3 delivered to {}, 0 left, 1 set aside\n", server.url());
            assert_eq!(wrapper.flush(0), format!("{line}{summary}"));
        } else {
            let told = wrapper.errors_only().run("true");
            assert_eq!((told.ending, told.said), (Ending::Exited(0), line));
        }
        let targets: Vec<_> = server.requests().into_iter().map(|request| request.target).collect();
        assert_eq!(targets.iter().filter(|target| target.ends_with("/series")).count(), 1, "{targets:?}");
        assert_eq!(targets.len(), 3);
        let [aside] = wrapper.set_aside().try_into().expect("one is set aside");
        assert_eq!(content(&aside)["reason"], reason);
    }
}

#[test]
fn a_clock_that_was_set_back_sends_no_event_from_the_future() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    wrapper.keep("job");
    let [path] = wrapper.waiting().try_into().expect("one event waits");
    let mut kept = content(&path);
    kept["happened_at"] = (kept["happened_at"].as_u64().expect("it is a number") + 24 * HOUR.as_secs()).into();
    super::files::write(&path, &kept);
    wrapper.run_quietly();
    let [event] = events(&server).try_into().expect("there is one event");
    assert!(event["date_happened"].as_u64().is_some_and(|time| time <= super::files::now().as_secs()), "{event}");
}
