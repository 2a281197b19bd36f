//! Servers that keep us waiting: the whole delivery takes ten seconds at most, however little happens in each.

use std::io::Write;
use std::thread;
use std::time::Duration;

use super::peer::{Peer, trickle, wait_for_end};
use super::reporter::Reporter;
use crate::support::Ending;

/// How long a run may take, on a machine that is busy, when a delivery may take ten seconds.
const LONGEST: Duration = Duration::from_secs(12);

const NO_ANSWER: &str = "no answer in time";
const NO_CONNECTION: &str = "no connection in time";

fn assert_given_up(reporter: &Reporter, what: &str, status: i32, reason: &str) {
    let told = reporter.run(&format!("exit {status}"));
    assert_eq!(told.ending, Ending::Exited(status), "{told:?}");
    assert_eq!(reporter.reason_given(what, &told), reason);
    assert!(told.duration < LONGEST, "{told:?}");
    let kept = reporter.kept();
    assert_eq!(kept.len(), what.split(" and ").count());
    assert!(kept.iter().all(|kept| kept.reason == reason && kept.tried == 1), "{kept:?}");
}

#[test]
fn no_answer_is_waited_for_longer_than_ten_seconds() {
    let unheard = || Peer::start(|stream, _| wait_for_end(&stream));
    let secure = |server: &Peer| format!("https://{}", server.address());
    let (silent, silent_too, without_tls, without_proxy) = (Peer::silent(), Peer::silent(), unheard(), unheard());
    let endless_head = Peer::start(|mut stream, heard| {
        heard.listen(&stream)?;
        stream.write_all(b"HTTP/1.1 202 Accepted\r\nx: ")?;
        trickle(stream, b'x')
    });
    let endless_body = Peer::start(|mut stream, heard| {
        heard.listen(&stream)?;
        stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 1000000\r\n\r\n")?;
        trickle(stream, b'x')
    });
    // All at once: each takes its ten seconds.
    thread::scope(|scope| {
        scope.spawn(|| assert_given_up(&Reporter::to(silent.url()), "event", 3, NO_ANSWER));
        scope.spawn(|| {
            let reporter = Reporter::to(silent_too.url()).options(["--send_metric"]);
            assert_given_up(&reporter, "metric and event", 0, NO_ANSWER);
        });
        scope.spawn(|| assert_given_up(&Reporter::to(secure(&without_tls)), "event", 3, NO_CONNECTION));
        scope.spawn(|| {
            let reporter = Reporter::to("https://api.test").variable("HTTPS_PROXY", without_proxy.url());
            assert_given_up(&reporter, "event", 3, NO_CONNECTION);
        });
        scope.spawn(|| assert_given_up(&Reporter::to(endless_head.url()), "event", 3, NO_ANSWER));
        // It is the status that accepts.
        scope.spawn(|| Reporter::to(endless_body.url()).assert_delivered("exit 3", 3));
    });
}
