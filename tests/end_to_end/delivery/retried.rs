//! Further attempts within one run: when they are made, and who has how much time for them.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use httpdate::fmt_http_date;

use super::concurrently::check_all;
use super::peer::{Peer, answer, wait_for_end};
use super::reporter::{PROMPTLY, Reporter};
use crate::support::Ending;

/// How much later than it could be anything happens on a machine that is busy.
const MARGIN: Duration = Duration::from_secs(1);

/// A server that answers the first requests as a test wants, and accepts all others.
struct Busy {
    server: Peer,
    /// When each connection was accepted: not before it was made, and before it was answered.
    accepted: Arc<Mutex<Vec<Instant>>>,
}

impl Busy {
    fn new(first_answers: Vec<String>) -> Self {
        let accepted = Arc::<Mutex<Vec<Instant>>>::default();
        let server = Peer::start({
            let accepted = Arc::clone(&accepted);
            move |mut stream, heard| {
                let number = {
                    let mut accepted = accepted.lock().expect("nothing panics while it is held");
                    accepted.push(Instant::now());
                    accepted.len()
                };
                heard.listen(&stream)?;
                let accepting = || answer("202 Accepted", "", "");
                stream.write_all(first_answers.get(number - 1).cloned().unwrap_or_else(accepting).as_bytes())
            }
        });
        Self { server, accepted }
    }

    /// How long it took from each connection to the next.
    fn gaps(&self) -> Vec<Duration> {
        let accepted = self.accepted.lock().expect("nothing panics while it is held");
        accepted.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

#[test]
fn pauses_double_until_there_is_no_time_for_another() {
    let busy = Busy::new(vec![answer("503 Later", "", ""); 9]);
    // The fourth attempt is made after 3.5 s at the latest, and a fifth would be after 3.75 s at the earliest.
    let reporter = Reporter::to(busy.server.url()).options(["--delivery_timeout", "3.7"]);
    let told = reporter.run("exit 3");
    assert_eq!(told.ending, Ending::Exited(3));
    assert_eq!(reporter.reason_given("event", &told), "503 Service Unavailable");
    assert!(told.duration < seconds(3.7) + MARGIN, "{told:?}");
    let gaps = busy.gaps();
    assert_eq!(gaps.len(), 3);
    for (gap, longest) in gaps.iter().zip([0.5, 1.0, 2.0].map(seconds)) {
        assert!((longest / 2..longest + MARGIN).contains(gap), "{gaps:?}");
    }
    assert_eq!(reporter.kept()[0].tried, 1);
}

#[test]
fn the_api_is_left_alone_for_as_long_as_it_asks_for() {
    let cases = [
        ("429 Many", "x-ratelimit-reset: 1\r\n", 1.0),
        ("429 Many", "retry-after: 1\r\n", 1.0),
        ("503 Later", "retry-after: 1\r\n", 1.0),
        ("503 Later", "Retry-After: 2\r\n", 2.0),
        ("429 Many", "retry-after: 1000\r\nx-ratelimit-reset: 1\r\n", 1.0),
        ("503 Later", "retry-after: soon\r\n", 0.0),
        ("503 Later", "retry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 0.0),
    ];
    let name = |(status, fields, _): &(&str, &str, f64)| format!("{status}, {}", fields.trim_end());
    check_all(&cases, name, |(status, fields, wait)| {
        let busy = Busy::new(vec![answer(status, fields, "")]);
        Reporter::to(busy.server.url()).assert_delivered("exit 3", 3);
        let [gap] = busy.gaps().try_into().expect("there are two attempts");
        assert!((seconds(wait + 0.25)..seconds(wait + 0.5) + MARGIN).contains(&gap), "{gap:?}");
    });
}

#[test]
fn the_api_is_left_alone_until_the_time_that_it_names() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    // Without that, the second attempt would be made in half a second.
    let moment = UNIX_EPOCH + Duration::from_secs(now.as_secs() + 3);
    let busy = Busy::new(vec![answer("503 Later", &format!("retry-after: {}\r\n", fmt_http_date(moment)), "")]);
    Reporter::to(busy.server.url()).assert_delivered("exit 3", 3);
    assert_eq!(busy.gaps().len(), 1);
    assert!(SystemTime::now() > moment);
}

#[test]
fn a_wait_that_does_not_fit_is_not_begun() {
    let in_a_minute = fmt_http_date(SystemTime::now() + Duration::from_secs(60));
    let cases = [
        ("429 Many", "x-ratelimit-reset: 10\r\n".to_owned(), "429 Too Many Requests"),
        ("429 Many", "retry-after: 1\r\nx-ratelimit-reset: 10\r\n".to_owned(), "429 Too Many Requests"),
        ("503 Later", "retry-after: 10\r\n".to_owned(), "503 Service Unavailable"),
        ("503 Later", format!("retry-after: {in_a_minute}\r\n"), "503 Service Unavailable"),
    ];
    let name = |(status, fields, _): &(&str, String, &str)| format!("{status}, {}", fields.trim_end());
    check_all(&cases, name, |(status, fields, reason)| {
        let busy = Busy::new(vec![answer(status, fields, "")]);
        let reporter = Reporter::to(busy.server.url());
        let told = reporter.run("exit 3");
        assert_eq!(told.ending, Ending::Exited(3));
        assert_eq!(reporter.reason_given("event", &told), *reason);
        assert!(told.duration < PROMPTLY, "{told:?}");
        assert_eq!((busy.gaps().len(), reporter.kept().len()), (0, 1));
    });
}

/// What is said of a metric and an event when the server never answers what goes to `silent_path`.
fn with_silence_at(silent_path: &'static str) -> (Reporter, String) {
    let server = Peer::start(move |mut stream, heard| {
        let request = heard.listen(&stream)?;
        if request.starts_with(&format!("POST {silent_path} ")) {
            return wait_for_end(&stream);
        }
        stream.write_all(answer("202 Accepted", "", "").as_bytes())
    });
    let reporter = Reporter::to(server.url()).options(["--send_metric", "--delivery_timeout", "2"]);
    let told = reporter.run("exit 3");
    assert_eq!(told.ending, Ending::Exited(3));
    assert!(told.duration < seconds(2.0) + MARGIN, "{told:?}");
    (reporter, told.said)
}

#[test]
fn a_metric_that_is_not_answered_leaves_time_for_the_event() {
    let (reporter, said) = with_silence_at("/api/v1/series");
    assert!(said.starts_with("dogwrap: metric not delivered to ") && said.lines().count() == 1, "{said}");
    let [kept] = reporter.kept().try_into().expect("the event is accepted");
    assert_eq!(kept.request.kind, "metric");
}

#[test]
fn an_event_that_is_not_answered_does_not_take_back_the_metric() {
    let (reporter, said) = with_silence_at("/api/v1/events");
    assert!(said.starts_with("dogwrap: event not delivered to ") && said.lines().count() == 1, "{said}");
    let [kept] = reporter.kept().try_into().expect("the metric is accepted");
    assert_eq!(kept.request.kind, "event");
}

#[test]
fn a_flush_tries_again_as_well() {
    let busy = Busy::new(vec![answer("404 No", "", ""), answer("503 Later", "", ""), answer("503 Later", "", "")]);
    let reporter = Reporter::to(busy.server.url());
    reporter.run("exit 3");
    let told = reporter.flush();
    assert_eq!(told.ending, Ending::Exited(0));
    assert_eq!(told.said, format!("dogwrap: 1 delivered to {}, 0 left\n", reporter.api()));
    assert_eq!((busy.gaps().len(), reporter.kept().len()), (3, 0));
}
