//! The text of an event: dogwrap's Markdown, section by section, fitted to what Datadog's API accepts.

use crate::capture::{Capture, MAXIMUM_LIMIT};
use crate::excerpt::{Excerpt, first};
use crate::run::Run;
use crate::timestamp::rfc3339;

/// The longest text that the API takes, in characters. A longer one is refused, or cut where it hurts.
pub const MAXIMUM_LENGTH: usize = 4000;

/// Writes the text for `run` of `command`, if that is known and not empty, with `notification` at its end unless that is
/// empty.
///
/// A text that is too long loses output first, then of the command. The notification is never touched while anything
/// else can give way; one that is too long by itself is cut, since the event would be refused with it.
///
/// `happened_at`, in seconds since 1970, is written into the text where the event cannot carry it.
pub fn text(command: &str, run: &Run, notification: &str, happened_at: Option<f64>) -> String {
    let whole = usize::MAX;
    let limit = stream_limit(run);
    let compose = |command_limit, limit| {
        let command = Excerpt::of(command, command_limit);
        compose(&command, run, limit, notification, happened_at)
    };
    let text = compose(whole, limit);
    if fits(&text) {
        return text;
    }
    largest(limit, |limit| compose(whole, limit))
        .or_else(|| largest(MAXIMUM_LENGTH, |command_limit| compose(command_limit, 0)))
        .unwrap_or_else(|| first(&compose(0, 0), MAXIMUM_LENGTH).to_owned())
}

/// Writes the text for a run of `command` that started at `started_at`, in seconds since 1970, and was not seen again.
pub fn vanished(command: &str, started_at: u64, notification: &str) -> String {
    let compose = |command_limit| {
        let mut text = format!("%%%\n**>>>> CMD <<<<**\n{}", Excerpt::of(command, command_limit).code_block());
        text.push_str(&format!(
            "*This run started at {}. Its end was not seen, or could not be written down: dogwrap was killed, the \
             machine went down, or the disk was full.*\n",
            rfc3339(started_at)
        ));
        push_end(&mut text, notification);
        text
    };
    largest(MAXIMUM_LENGTH, compose).unwrap_or_else(|| first(&compose(0), MAXIMUM_LENGTH).to_owned())
}

/// How many code points of each stream are shown: less when both have something to show.
fn stream_limit(run: &Run) -> usize {
    if run.stdout.is_empty() || run.stderr.is_empty() { MAXIMUM_LIMIT } else { MAXIMUM_LIMIT / 2 }
}

fn fits(text: &str) -> bool {
    text.chars().nth(MAXIMUM_LENGTH).is_none()
}

/// The text that `make` makes of the largest number, up to `most`, with which it fits; none when none does.
fn largest(most: usize, make: impl Fn(usize) -> String) -> Option<String> {
    let mut best = Some(make(0)).filter(|text| fits(text))?;
    let (mut fitting, mut too_large) = (0, most + 1);
    while too_large - fitting > 1 {
        let middle = fitting.midpoint(too_large);
        let text = make(middle);
        if fits(&text) {
            (fitting, best) = (middle, text);
        } else {
            too_large = middle;
        }
    }
    Some(best)
}

fn compose(command: &Excerpt, run: &Run, limit: usize, notification: &str, happened_at: Option<f64>) -> String {
    let time = happened_at.map(|seconds| {
        format!("*This happened at {}. It could not be delivered before.*\n\n", rfc3339(seconds as u64))
    });
    let command = (!command.is_empty()).then(|| format!("**>>>> CMD <<<<**\n{}", command.code_block()));
    let mut text = format!(
        "%%%\n{}{}**>>>> EXIT CODE <<<<**\n\n {}\n\n\n",
        time.unwrap_or_default(),
        command.unwrap_or_default(),
        run.outcome.event_code()
    );
    push_stream(&mut text, "STDOUT", &run.stdout, limit);
    push_stream(&mut text, "STDERR", &run.stderr, limit);
    if run.output_left_open {
        text.push_str("*A process that the command left behind still held its output open. What it printed later is not shown.*\n");
    }
    if let Some(reason) = &run.unseen {
        text.push_str(&format!("*What it printed is not shown: {reason}.*\n"));
    }
    push_end(&mut text, notification);
    text
}

fn push_end(text: &mut String, notification: &str) {
    if !notification.is_empty() {
        text.push_str(&format!("**>>>> NOTIFICATIONS <<<<**\n\n {notification}\n"));
    }
    text.push_str("%%%\n");
}

fn push_stream(text: &mut String, name: &str, capture: &Capture, limit: usize) {
    if !capture.is_empty() {
        text.push_str(&format!("**>>>> {name} <<<<**\n{}", capture.excerpt(limit).code_block()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Outcome;
    use std::time::Duration;

    fn run(stdout: &str, stderr: &str) -> Run {
        let capture = |text: &str| {
            let mut capture = Capture::default();
            capture.push(text.as_bytes());
            capture
        };
        Run {
            outcome: Outcome::Exited(3),
            duration: Some(Duration::from_secs(1)),
            ended_at: 0.0,
            stdout: capture(stdout),
            stderr: capture(stderr),
            output_left_open: false,
            unseen: None,
        }
    }

    #[test]
    fn the_sections_are_dogwraps() {
        let expected = "%%%\n**>>>> CMD <<<<**\n```\necho hi \n```\n**>>>> EXIT CODE <<<<**\n\n 3\n\n\n\
            **>>>> STDOUT <<<<**\n```\nhi\n \n```\n**>>>> STDERR <<<<**\n```\nerr\n \n```\n\
            **>>>> NOTIFICATIONS <<<<**\n\n @me\n%%%\n";
        assert_eq!(text("echo hi", &run("hi\n", "err\n"), "@me", None), expected);
    }

    #[test]
    fn a_command_that_is_not_known_is_left_out() {
        assert_eq!(text("", &run("", ""), "", None), "%%%\n**>>>> EXIT CODE <<<<**\n\n 3\n\n\n%%%\n");
    }

    #[test]
    fn a_stream_alone_shows_twice_as_much() {
        let long = "x".repeat(3000);
        assert!(text("c", &run(&long, ""), "", None).contains(&long));
        assert!(!text("c", &run(&long, "e"), "", None).contains(&"x".repeat(1001)));
    }

    #[test]
    fn output_gives_way_before_the_command() {
        let command = "c".repeat(2000);
        let text = text(&command, &run(&"x".repeat(5000), &"y".repeat(5000)), "@me", None);
        assert!(text.chars().count() <= MAXIMUM_LENGTH && text.chars().count() > MAXIMUM_LENGTH - 10);
        assert!(text.contains(&command));
        assert!(text.ends_with(" @me\n%%%\n"));
    }

    #[test]
    fn the_command_gives_way_before_the_notification() {
        let notification = "é".repeat(3000);
        let text = text(&"c".repeat(20_000), &run(&"x".repeat(5000), ""), &notification, None);
        assert!(text.chars().count() <= MAXIMUM_LENGTH && text.chars().count() > MAXIMUM_LENGTH - 10);
        assert!(text.contains(&notification));
        assert!(!text.contains('x'));
    }

    #[test]
    fn a_notification_that_no_event_can_hold_is_cut() {
        let text = text("c", &run("", ""), &"n".repeat(9000), None);
        assert_eq!(text.chars().count(), MAXIMUM_LENGTH);
    }

    #[test]
    fn output_that_was_not_waited_for_is_mentioned() {
        let run = Run { output_left_open: true, ..run("hi", "") };
        assert!(text("c", &run, "", None).contains("still held its output open"));
    }

    #[test]
    fn an_old_event_says_when_it_happened_and_still_fits() {
        let old = text("echo hi", &run("hi\n", ""), "@me", Some(1_795_376_346.9));
        assert!(old.starts_with("%%%\n*This happened at 2026-11-22T19:39:06Z."), "{old}");
        let full = text("c", &run(&"x".repeat(5000), &"y".repeat(5000)), &"n".repeat(3000), Some(0.0));
        assert!(full.chars().count() <= MAXIMUM_LENGTH && full.contains("1970-01-01T00:00:00Z"));
    }

    #[test]
    fn a_vanished_run_says_when_it_started() {
        let text = vanished("backup --all", 1_795_376_346, "@me");
        let expected = "%%%\n**>>>> CMD <<<<**\n```\nbackup --all \n```\n\
            *This run started at 2026-11-22T19:39:06Z. Its end was not seen, or could not be written down: dogwrap was \
            killed, the machine went down, or the disk was full.*\n**>>>> NOTIFICATIONS <<<<**\n\n @me\n%%%\n";
        assert_eq!(text, expected);
        let long = vanished(&"c".repeat(9000), 0, &"n".repeat(1000));
        assert!(long.chars().count() <= MAXIMUM_LENGTH && long.ends_with("n\n%%%\n"));
    }
}
