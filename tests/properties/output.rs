//! Whatever a command prints: what is captured of it does not depend on how it came, and the event shows it intact.

use std::time::Duration;

use dogwrap::capture::{Capture, MAXIMUM_LIMIT};
use dogwrap::excerpt::Excerpt;
use dogwrap::run::{Outcome, Run};
use dogwrap::text::{MAXIMUM_LENGTH, text, vanished};

/// How long the command, the notification and each stream are at most, in bytes: all that is kept of a stream is shorter.
const LONGEST: usize = 40_000;

/// A notification of so many characters fits into every event.
const FITTING_NOTIFICATION: usize = MAXIMUM_LENGTH - 500;

/// Reads `input` as five parts with NUL between them: numbers, the command, a notification, and both streams. The numbers
/// are in how large pieces the streams come, how often each of the other parts is repeated, and what the event is limited
/// to; those that are missing are one.
pub fn holds_of(input: &[u8]) {
    let mut parts = input.splitn(5, |byte| *byte == 0);
    let numbers = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let mut numbers = numbers.split_whitespace().map(|number| number.parse::<usize>().unwrap_or(1));
    let mut number = || numbers.next().unwrap_or(1);
    let piece = number().max(1);
    let [command, notification, stdout, stderr] =
        std::array::from_fn(|_| repeat(parts.next().unwrap_or_default(), number()));
    let limit = number().min(MAXIMUM_LIMIT);

    let [command, notification] = [command, notification].map(|text| String::from_utf8_lossy(&text).into_owned());
    let run = Run {
        outcome: Outcome::Exited(3),
        duration: Some(Duration::from_secs(1)),
        ended_at: 0.0,
        stdout: captured(&stdout, piece, limit),
        stderr: captured(&stderr, piece, limit),
        output_left_open: piece.is_multiple_of(2),
        unseen: None,
    };
    for happened_at in [None, Some(piece as f64)] {
        let text = text(&command, &run, &notification, happened_at);
        assert_text_is_intact(&text, &sections(&command, &run), &notification);
        let [stdout, stderr] = [&stdout, &stderr].map(|stream| String::from_utf8_lossy(stream).into_owned());
        let all = [command.as_str(), notification.as_str(), stdout.as_str(), stderr.as_str()];
        if all.iter().all(|part| !part.contains('`') && part.chars().count() <= MAXIMUM_LIMIT / 4) {
            assert!(all.iter().all(|part| text.contains(part)), "what fits is whole: {text}");
        }
    }
    assert_text_is_intact(&vanished(&command, piece as u64, &notification), &["CMD"], &notification);
}

fn repeat(part: &[u8], times: usize) -> Vec<u8> {
    let times = times.min(LONGEST / part.len().max(1)).max(1);
    part.repeat(times)
}

/// Captures `stream` in pieces, and checks that the excerpts are those of the whole stream, decoded at once.
fn captured(stream: &[u8], piece: usize, limit: usize) -> Capture {
    let mut capture = Capture::default();
    stream.chunks(piece).for_each(|piece| capture.push(piece));
    assert_eq!(capture.length(), stream.len() as u64);
    let whole = String::from_utf8_lossy(stream);
    for limit in [limit, MAXIMUM_LIMIT / 2, MAXIMUM_LIMIT] {
        let excerpt = capture.excerpt(limit);
        assert_eq!(excerpt, Excerpt::of(&whole, limit));
        assert_eq!(prose(&excerpt.code_block()).iter().filter(|line| **line != "*...trimmed...*").count(), 0);
    }
    capture
}

/// The headings of what an event shows of `run` of `command`.
fn sections(command: &str, run: &Run) -> Vec<&'static str> {
    let streams = [("STDOUT", &run.stdout), ("STDERR", &run.stderr)];
    let streams = streams.into_iter().filter(|(_, stream)| !stream.is_empty()).map(|(heading, _)| heading);
    let command = (!command.is_empty()).then_some("CMD");
    command.into_iter().chain(["EXIT CODE"]).chain(streams).collect()
}

/// Checks that the API takes `text`, that it has exactly these `sections`, whatever stands in them, and that it ends with
/// the whole notification.
fn assert_text_is_intact(text: &str, sections: &[&str], notification: &str) {
    assert!(text.chars().count() <= MAXIMUM_LENGTH, "{}", text.chars().count());
    if notification.chars().count() > FITTING_NOTIFICATION {
        return;
    }
    let end = match notification {
        "" => "%%%\n".to_owned(),
        notification => format!("**>>>> NOTIFICATIONS <<<<**\n\n {notification}\n%%%\n"),
    };
    let before = text.strip_suffix(&end).expect("the notification is whole and at the end");
    let prose = prose(before);
    let heading = |line: &str| line.strip_prefix("**>>>> ")?.strip_suffix(" <<<<**").map(str::to_owned);
    let headings: Vec<_> = prose.iter().filter_map(|line| heading(line)).collect();
    assert_eq!(headings, sections, "{text}");
    let known = ["%%%", "3", "*...trimmed...*"];
    let is_ours =
        |line: &str| known.contains(&line) || heading(line).is_some() || (line.starts_with('*') && line.ends_with('*'));
    assert!(prose.iter().all(|line| is_ours(line)), "{prose:?}");
}

/// The lines of Markdown that stand in no code block and are not empty. A block ends with a fence that is at least as long
/// as the one that it began with (CommonMark, section 4.5).
fn prose(markdown: &str) -> Vec<&str> {
    let mut fence = None;
    let mut prose = Vec::new();
    for line in markdown.split(['\n', '\r']).map(str::trim) {
        let is_fence = line.len() >= 3 && line.bytes().all(|byte| byte == b'`');
        match fence {
            None if is_fence => fence = Some(line.len()),
            None if !line.is_empty() => prose.push(line),
            Some(length) if is_fence && line.len() >= length => fence = None,
            _ => {}
        }
    }
    assert_eq!(fence, None, "a block has no end: {markdown}");
    prose
}
