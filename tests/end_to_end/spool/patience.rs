//! What fails again and again: it rests for longer and longer, and does not hold up what waits behind it.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::files::{content, now, write};
use super::sent::jobs_heard;
use super::wrapper::Wrapper;
use crate::delivery::peer::{Peer, answer};
use crate::support::Ending;

/// A server that hangs up on everybody until it is healthy, and how often it was called until then.
struct Moody {
    peer: Peer,
    is_healthy: Arc<AtomicBool>,
    calls: Arc<AtomicUsize>,
}

impl Moody {
    fn start() -> Self {
        let (is_healthy, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let peer = Peer::start({
            let (is_healthy, calls) = (Arc::clone(&is_healthy), Arc::clone(&calls));
            move |mut stream, heard| {
                if !is_healthy.load(Ordering::Relaxed) {
                    calls.fetch_add(1, Ordering::Relaxed);
                    return Ok(());
                }
                heard.listen(&stream)?;
                stream.write_all(answer("202 Accepted", "", "").as_bytes())
            }
        });
        Self { peer, is_healthy, calls }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

/// Lets time pass since the last try.
fn let_rest(path: &Path, seconds: u64) {
    let mut kept = content(path);
    kept["tried_at"] = (now().as_secs() - seconds).into();
    write(path, &kept);
}

#[test]
fn an_api_that_is_down_is_not_called_by_every_run() {
    let server = Moody::start();
    let wrapper = Wrapper::to(server.peer.url());
    wrapper.keep_all(["first", "second"]);
    (0..10).for_each(|_| wrapper.run_quietly());
    assert_eq!(server.calls(), 2);

    let first = wrapper.waiting().remove(0);
    // Each failure makes the rest twice as long, up to an hour.
    for (tries, rest) in [(2, 30), (3, 60), (4, 120), (9, 3600), (30, 3600)] {
        let mut kept = content(&first);
        kept["tried"] = tries.into();
        write(&first, &kept);
        let_rest(&first, rest - 5);
        let calls = server.calls();
        wrapper.run_quietly();
        assert_eq!(server.calls(), calls, "after {tries} tries and {rest} - 5 seconds");
        let_rest(&first, rest);
        (0..3).for_each(|_| wrapper.run_quietly());
        assert_eq!(server.calls(), calls + 1, "after {tries} tries and {rest} seconds");
        assert_eq!(content(&first)["tried"], tries + 1);
    }
    assert_eq!(wrapper.waiting_jobs(), ["first", "second"]);
}

#[test]
fn what_rests_is_delivered_as_soon_as_the_api_is_known_to_be_there() {
    for is_flush in [false, true] {
        let server = Moody::start();
        let wrapper = Wrapper::to(server.peer.url());
        wrapper.keep("first");
        (0..5).for_each(|_| wrapper.run_quietly());
        server.is_healthy.store(true, Ordering::Relaxed);
        wrapper.run_quietly();
        assert!(jobs_heard(&server.peer).is_empty());
        if is_flush {
            wrapper.flush(0);
            assert_eq!(jobs_heard(&server.peer), ["first"]);
        } else {
            wrapper.run("true");
            assert_eq!(jobs_heard(&server.peer), ["job", "first"]);
        }
        assert!(wrapper.waiting().is_empty());
    }
}

/// A server that has no luck with the event of one job.
fn allergic() -> Peer {
    Peer::answering(|request| {
        let status = if request.contains("\"poison") { "500 Oh" } else { "202 Accepted" };
        answer(status, "", "")
    })
}

fn jobs_without_poison(server: &Peer) -> Vec<String> {
    jobs_heard(server).into_iter().filter(|job| !job.starts_with("poison")).collect()
}

#[test]
fn what_the_api_chokes_on_does_not_hold_up_the_others() {
    for submit_mode in ["all", "errors"] {
        let server = allergic();
        let wrapper = Wrapper::to(server.url());
        wrapper.keep_all(["first", "poison", "second"]);
        let told = wrapper.options(["-m", submit_mode]).run("true");
        assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(0), ""), "{told:?}");
        let mut delivered = jobs_without_poison(&server);
        delivered.retain(|job| job != "job");
        assert_eq!(delivered, ["first", "second"], "{submit_mode}");
        assert_eq!(wrapper.waiting_jobs(), ["poison"]);
        assert_eq!(content(&wrapper.waiting()[0])["tried"], 1);
    }
}

#[test]
fn what_rests_does_not_hold_up_what_came_later() {
    let server = allergic();
    let wrapper = Wrapper::to(server.url());
    wrapper.keep("poison");
    (0..3).for_each(|_| wrapper.run_quietly());
    wrapper.keep("later");
    wrapper.run_quietly();
    assert_eq!(jobs_without_poison(&server), ["later"]);
}

#[test]
fn several_that_the_api_chokes_on_do_not_hold_up_the_others_for_ever() {
    let server = allergic();
    let wrapper = Wrapper::to(server.url());
    wrapper.keep_all(["poison 1", "poison 2", "poison 3", "poison 4"]);
    wrapper.keep("later");
    for _ in 0..3 {
        assert_eq!(wrapper.run("true").said, "");
    }
    let delivered = jobs_without_poison(&server);
    assert!(delivered.iter().any(|job| job == "later"), "{delivered:?}");
}

#[test]
fn a_flush_delivers_the_others_and_says_what_is_left() {
    let server = allergic();
    let wrapper = Wrapper::to(server.url()).options(["--delivery_timeout", "1"]);
    wrapper.keep_all(["first", "poison", "second"]);
    let said = wrapper.flush(1);
    let [about_one, about_all] = said.lines().collect::<Vec<_>>().try_into().expect("two lines are said");
    assert!(about_one.ends_with(".json: 500 Internal Server Error"), "{said}");
    assert_eq!(about_all, format!("dogwrap: 2 delivered to {}, 1 left", server.url()));
    assert_eq!(wrapper.waiting_jobs(), ["poison"]);
}

#[test]
fn what_the_api_will_never_take_is_set_aside_once_and_said() {
    let server = Peer::answering(|request| {
        answer(if request.contains("\"refused\"") { "400 No" } else { "202 Accepted" }, "", "")
    });
    let wrapper = Wrapper::to(server.url());
    wrapper.keep_all(["refused", "second"]);
    let told = wrapper.errors_only().run("true");
    let expected = "dogwrap: event of 'refused' set aside, it will never be accepted: 400 Bad Request; see --spool\n";
    assert_eq!((told.ending, told.said.as_str()), (Ending::Exited(0), expected), "{told:?}");
    assert_eq!((wrapper.waiting().len(), wrapper.set_aside().len()), (0, 1));
    wrapper.run_quietly();
    assert_eq!(wrapper.flush(0), format!("dogwrap: 0 delivered to {}, 0 left\n", server.url()));
    assert_eq!(jobs_heard(&server), ["refused", "second"]);
}
