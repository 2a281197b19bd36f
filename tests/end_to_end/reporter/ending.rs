//! How the command ended, as it is told, and as the event shows it.

use std::time::{SystemTime, UNIX_EPOCH};

use super::runtime::Reporter;
use crate::server::{Answer, Server};
use crate::spool::sent::events;
use crate::spool::wrapper::HOST;

#[test]
fn a_status_a_signal_and_a_timeout_are_shown_as_the_wrapper_shows_them() {
    let server = Server::start(Answer::default());
    let Some(reporter) = Reporter::to(server.url()) else { return };
    let endings: [(&[&str], &str, &str); 6] = [
        (&["--exit_code", "3"], "failed", "3"),
        (&["--exit_code", "137"], "failed", "137"),
        (&["--exit_code", "-9"], "failed", "-9"),
        (&["--exit_code", "0", "--signal", "15"], "failed", "-15"),
        (&["--exit_code", "0", "--signal", "0"], "succeeded", "0"),
        (&["--exit_code", "143", "--timed_out"], "timed out", "-1"),
    ];
    for (number, (options, words, code)) in endings.into_iter().enumerate() {
        let options =
            options.iter().fold(reporter.options(["-m", "all"]), |reporter, option| reporter.options([option]));
        options.run(["-n", "job"]).quietly();
        let event = &events(&server)[number];
        assert_eq!(event["title"], format!("[{HOST}] job {words}"));
        let text = event["text"].as_str().expect("an event has a text");
        assert!(text.contains(&format!("EXIT CODE <<<<**\n\n {code}\n")), "{text}");
    }
}

#[test]
fn the_duration_is_the_one_that_was_told_or_counts_from_the_start() {
    let server = Server::start(Answer::default());
    let Some(reporter) = Reporter::to(server.url()) else { return };
    reporter.options(["--duration", "61"]).report("job", 3).quietly();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is set").as_secs();
    reporter.options(["--started_at", &(now - 1000).to_string()]).report("job", 3).quietly();
    let said = reporter.options(["--started_at", &(now + 1000).to_string()]).report("job", 3).with(0);
    assert!(said.contains("its duration is not known"), "{said}");

    let titles: Vec<_> =
        events(&server).iter().map(|event| event["title"].as_str().unwrap_or_default().to_owned()).collect();
    assert_eq!(titles[0], format!("[{HOST}] job failed in 61.00s"));
    let seconds = titles[1].strip_prefix(&format!("[{HOST}] job failed in ")).and_then(|rest| rest.strip_suffix('s'));
    let seconds: f64 = seconds.and_then(|seconds| seconds.parse().ok()).expect("a duration is a number");
    assert!((1000.0..1060.0).contains(&seconds), "{seconds}");
    assert_eq!(titles[2], format!("[{HOST}] job failed"));
}
