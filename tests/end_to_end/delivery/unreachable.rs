//! Servers that cannot be reached, and such that give no answer that could be understood.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::peer::{DESERTED, Peer};
use super::reporter::{IMPATIENT_ATTEMPTS, Reporter};
use crate::support::Ending;

#[test]
fn a_refused_connection_is_said() {
    assert_eq!(Reporter::to(format!("http://{DESERTED}")).reason_of_keeping(), "connection refused");
    assert_eq!(Reporter::to(format!("https://{DESERTED}")).reason_of_keeping(), "connection refused");
}

#[test]
fn metric_and_event_that_fail_alike_are_one_line() {
    // There is no time for a second attempt of either.
    let reporter = Reporter::to(format!("http://{DESERTED}")).options(["--send_metric", "--delivery_timeout", "0.24"]);
    let told = reporter.run("exit 3");
    assert_eq!(told.ending, Ending::Exited(3));
    assert_eq!(reporter.reason_given("metric and event", &told), "connection refused");
    let kept = reporter.kept();
    let mut kinds: Vec<_> = kept.iter().map(|kept| kept.request.kind.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["event", "metric"]);
}

#[test]
fn a_name_that_nobody_has_is_said() {
    let reporter = Reporter::to("http://nobody.invalid").impatient();
    let told = reporter.run("exit 3");
    assert_eq!(told.ending, Ending::Exited(3));
    // Where no resolver answers, the time that is given to a delivery ends before it has given up.
    let reason = reporter.reason_given("event", &told);
    assert!(["the host name is not known", "no connection in time"].contains(&reason.as_str()), "{reason}");
    assert_eq!(reporter.kept()[0].reason, reason);
}

#[test]
fn a_server_that_hangs_up_is_said() {
    let server = Peer::start(|stream, heard| heard.listen(&stream).map(|_| ()));
    let reason = Reporter::to(server.url()).reason_of_keeping();
    assert_eq!(reason, "the connection was closed before an answer");
    assert_eq!(server.heard().len(), 2 * IMPATIENT_ATTEMPTS);
}

#[test]
fn a_server_that_resets_the_connection_is_said() {
    // What is closed before everything is read is reset.
    let server = Peer::start(|mut stream, _| stream.read_exact(&mut [0]));
    let reason = Reporter::to(server.url()).reason_of_keeping();
    assert!(reason.to_lowercase().contains("connection reset"), "{reason}");
}

#[test]
fn an_answer_that_is_not_http_is_said() {
    let garbage = "SSH-2.0-OpenSSH_9.2\r\n";
    let endless_head = format!("HTTP/1.1 202 Accepted\r\nx: {}", "x".repeat(4 * 1024 * 1024));
    for answer in [garbage.to_owned(), "\0\u{1}\u{2}\r\n\r\n".to_owned(), endless_head] {
        let server = Peer::answering(move |_| answer.clone());
        assert_eq!(Reporter::to(server.url()).reason_of_keeping(), "the answer is not HTTP");
    }
}

#[test]
fn an_answer_that_breaks_off_in_its_head_is_said() {
    let server = Peer::answering(|_| "HTTP/1.1 202 Acce".to_owned());
    let reason = Reporter::to(server.url()).reason_of_keeping();
    assert_eq!(reason, "the connection was closed before an answer");
}

#[test]
fn an_endless_answer_is_not_taken() {
    const PIECE: usize = 64 * 1024;
    // Far above what the system holds for a connection in flight, far below what is offered.
    const TAKEN_AT_MOST: usize = 64 * 1024 * 1024;
    let taken = Arc::new(AtomicUsize::new(0));
    let server = Peer::start({
        let taken = Arc::clone(&taken);
        move |mut stream, heard| {
            heard.listen(&stream)?;
            stream.write_all(b"HTTP/1.1 202 Accepted\r\n\r\n")?;
            for _ in 0..16 * TAKEN_AT_MOST / PIECE {
                stream.write_all(&[b'x'; PIECE])?;
                taken.fetch_add(PIECE, Ordering::Relaxed);
            }
            Ok(())
        }
    });
    let reporter = Reporter::to(server.url());
    reporter.assert_delivered("exit 3", 3);
    reporter.assert_delivered("exit 0", 0);
    drop(server);
    assert!(taken.load(Ordering::Relaxed) < TAKEN_AT_MOST, "{taken:?}");
}
