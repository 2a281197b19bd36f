//! Jobs of one user with different sites and keys: what waits for one is not delivered by another.

use super::sent::jobs;
use super::wrapper::{KEY, OTHER_KEY, Wrapper};
use crate::server::{Answer, Server};
use crate::support::Ending;

/// Two jobs, of which each has kept an event.
fn assert_that_each_delivers_its_own(jobs_of: impl Fn(&[Server; 2]) -> [Wrapper; 2]) {
    for is_flush in [false, true] {
        let servers = [0, 1].map(|_| Server::start(Answer::default()));
        let all = || servers.iter().flat_map(jobs).collect::<Vec<_>>();
        let [one, other] = jobs_of(&servers);
        one.keep("one");
        other.keep("other");
        let deliver = |wrapper: &Wrapper| {
            if is_flush {
                wrapper.flush(0)
            } else {
                wrapper.run_quietly();
                String::new()
            }
        };
        let said = deliver(&one);
        assert_eq!(all(), ["one"]);
        assert!(!is_flush || said.ends_with(", 0 left, 1 waiting for another site or key\n"), "{said}");
        deliver(&one);
        assert_eq!((all().len(), one.waiting_jobs()), (1, vec!["other".to_owned()]));

        let said = deliver(&other);
        let mut all = all();
        all.sort();
        assert_eq!(all, ["one", "other"]);
        assert!(!is_flush || said.ends_with(", 0 left\n"), "{said}");
        assert!(one.waiting().is_empty());
    }
}

#[test]
fn jobs_with_different_keys_leave_each_others_events_alone() {
    assert_that_each_delivers_its_own(|[server, _]| {
        let wrapper = Wrapper::to(server.url());
        [wrapper.key(OTHER_KEY), wrapper]
    });
}

#[test]
fn jobs_with_different_sites_leave_each_others_events_alone() {
    assert_that_each_delivers_its_own(|[one, other]| {
        let wrapper = Wrapper::to(one.url());
        [wrapper.at(other.url()), wrapper]
    });
}

#[test]
fn each_event_is_sent_with_the_key_that_it_was_kept_for() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    for (key, name) in [(KEY, "one"), (OTHER_KEY, "other"), (KEY, "third")] {
        wrapper.key(key).keep(name);
    }
    wrapper.key(OTHER_KEY).run_quietly();
    wrapper.run_quietly();
    let key_of = |request: &crate::server::Request| {
        let is_key = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("dd-api-key");
        request.headers.iter().find(is_key).expect("every request has a key").1.clone()
    };
    assert_eq!(jobs(&server), ["other", "one", "third"]);
    assert_eq!(server.requests().iter().map(key_of).collect::<Vec<_>>(), [OTHER_KEY, KEY, KEY]);
}

#[test]
fn what_was_kept_without_a_key_waits_for_a_flush_that_has_one() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    let told = wrapper.key("").named("keyless").run("exit 3");
    assert_eq!(told.ending, Ending::Exited(3));
    assert!(told.said.contains("no API key was given; kept, deliver it with '"), "{told:?}");

    wrapper.run_quietly();
    assert_eq!(wrapper.run("true").said, "");
    assert_eq!(jobs(&server), ["job"]);
    assert_eq!(wrapper.waiting_jobs(), ["keyless"]);

    let elsewhere = wrapper.at(format!("{}/elsewhere", server.url()));
    let expected =
        format!("dogwrap: 0 delivered to {}/elsewhere, 0 left, 1 waiting for another site or key\n", server.url());
    assert_eq!(elsewhere.flush(0), expected);
    assert_eq!(wrapper.key(OTHER_KEY).flush(0), format!("dogwrap: 1 delivered to {}, 0 left\n", server.url()));
    assert_eq!(jobs(&server), ["job", "keyless"]);
}

#[test]
fn a_run_without_a_key_delivers_nothing() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    wrapper.keep("job");
    wrapper.key("").run_quietly();
    assert!(jobs(&server).is_empty());
    assert_eq!(wrapper.waiting_jobs(), ["job"]);
}

#[test]
fn the_summary_counts_what_waits_for_others() {
    let server = Server::start(Answer::default());
    let wrapper = Wrapper::to(server.url());
    for (site, key) in [("", OTHER_KEY), ("/base", KEY), ("/base", OTHER_KEY), ("", KEY), ("/base", "")] {
        wrapper.at(format!("{}{site}", server.url())).key(key).keep("job");
    }
    let expected = format!("dogwrap: 1 delivered to {}, 0 left, 4 waiting for another site or key\n", server.url());
    assert_eq!(wrapper.flush(0), expected);
}
