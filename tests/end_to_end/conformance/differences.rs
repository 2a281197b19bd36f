//! The intentional differences from the original, row by row of the table in the README: what ours must do instead.
//!
//! A row is no leave to differ. It turns what the original did into what ours must do, to the byte, and ours is held to that.

use serde_json::Value;

use crate::conformance::intended::{End, Fences, closing, text};
use crate::conformance::observation::{Observation, TEXT_LIMIT, TO_BE_FITTED};
use crate::conformance::options::seconds;
use crate::conformance::scenario::Case;
use crate::support::Ending;

pub struct Difference {
    /// The first column of the row.
    pub row: &'static str,
    /// The test that shows the row, when no recorded case does.
    pub shown_by: Option<&'static str>,
    /// What ours must do, given what the original did after the rows above; nothing when the row is not about this case.
    expectation: fn(&Case, &Observation) -> Option<Observation>,
}

const fn row(row: &'static str, expectation: fn(&Case, &Observation) -> Option<Observation>) -> Difference {
    Difference { row, shown_by: None, expectation }
}

/// In the order in which they build on each other: what ours runs and the original does not, what is sent, what ours refuses.
pub const DIFFERENCES: &[Difference] = &[
    row("hyphens", hyphens),
    row("`-t 0.5`", fractions),
    row("`-t 0`, negative", no_timeout),
    row("duration", in_time_after_all),
    row("`--proc_poll_interval`", poll_interval),
    row("`-m warnings` without `--warning_codes`", |case, original| hidden_failure(case, original, false)),
    row("`-m warnings`, failure not in the list, timeout or signal", |case, original| {
        hidden_failure(case, original, true)
    }),
    row("`-b`", buffered),
    row("no API key", no_key),
    row("API failure of any kind", undelivered),
    row("command killed by signal S", killed),
    row("timeout", timed_out),
    row("arguments that are not UTF-8", not_unicode),
    row("timeout of a command with children", group_timed_out),
    row("`--warning_codes` in mode `all` or `errors`", listed_in_any_mode),
    row("empty tags", empty_tags),
    row("no `-n`", no_name),
    row("`-n` over 100 characters", long_name),
    row("output with three backticks", backticks),
    Difference { shown_by: Some("side_by_side"), ..row("event text over 4000 characters", long_text) },
    row("spellings of numbers", spelling_of_numbers),
    row("`-t 0`, negative", negative_time),
    row("bad `--warning_codes`, bad site", bad_codes),
    row("bad `--warning_codes`, bad site", bad_site),
    row("a key that cannot be a header (newline, space, control)", unusable_key),
    row("no command, or an empty one", no_command),
];

/// What ours must do, and the rows that make it differ from the original.
pub fn expected(case: &Case, original: &Observation) -> (Observation, Vec<&'static str>) {
    let mut expected = original.clone();
    let mut applied = Vec::new();
    for difference in DIFFERENCES {
        if let Some(changed) = (difference.expectation)(case, &expected).filter(|changed| *changed != expected) {
            expected = changed;
            applied.push(difference.row);
        }
    }
    (expected, applied)
}

fn refused(original: &Observation) -> bool {
    *original == Observation::refusal()
}

fn hyphens(case: &Case, original: &Observation) -> Option<Observation> {
    (refused(original) && case.options.hyphens).then(|| case.intended())
}

fn fractions(case: &Case, original: &Observation) -> Option<Observation> {
    let times = case.options.times();
    let fraction = times.iter().any(|time| time.contains('.'));
    (refused(original) && fraction && times.iter().all(|time| seconds(time).is_some())).then(|| case.intended())
}

fn no_timeout(case: &Case, _: &Observation) -> Option<Observation> {
    let timeout = seconds(&case.options.last("timeout")?)?;
    (timeout == 0.0).then(|| case.intended())
}

/// The original looks at times that are multiples of its interval, and takes a command that has ended for one that has not.
fn in_time_after_all(case: &Case, original: &Observation) -> Option<Observation> {
    let timed_out = original.event()?["title"].as_str()?.contains(" timed out after ");
    (timed_out && case.facts.end != End::TimedOut).then(|| case.intended())
}

fn poll_interval(case: &Case, original: &Observation) -> Option<Observation> {
    let interval: f64 = case.options.last("proc_poll_interval")?.trim().parse().ok()?;
    let cannot_sleep = !(interval.is_finite() && interval >= 0.0);
    (cannot_sleep && !refused(original)).then(|| case.intended())
}

fn hidden_failure(case: &Case, original: &Observation, codes_given: bool) -> Option<Observation> {
    let options = &case.options;
    let hidden =
        options.mode() == "warnings" && case.facts.code() != 0 && !case.facts.is_listed(options) && !refused(original);
    (hidden && options.has("warning_codes") == codes_given).then(|| case.intended())
}

fn buffered(case: &Case, original: &Observation) -> Option<Observation> {
    let facts = &case.facts;
    if !case.options.has("buffer_outs") || case.options.asks_for_information() || refused(original) {
        return None;
    }
    let decodable = [&facts.stdout, &facts.stderr].into_iter().all(|stream| std::str::from_utf8(stream).is_ok());
    let crashed = !decodable && original.ending == Ending::Exited(1) && original.requests.is_empty();
    Some(if crashed { case.intended() } else { Observation { stdout: facts.stdout.clone(), ..original.clone() } })
}

fn no_key(case: &Case, original: &Observation) -> Option<Observation> {
    let intended = case.intended();
    let unsent = case.key().is_none() && !intended.requests.is_empty() && !refused(original);
    unsent.then(|| Observation { ending: intended.ending, requests: Vec::new(), ..original.clone() })
}

fn undelivered(case: &Case, original: &Observation) -> Option<Observation> {
    let rejected = original.requests.iter().any(|request| request.method == "CONNECT");
    rejected.then(|| Observation { ending: case.intended().ending, ..original.clone() })
}

fn killed(case: &Case, original: &Observation) -> Option<Observation> {
    let End::Signaled(signal) = case.facts.end else { return None };
    (original.ending == Ending::Exited(256 - signal))
        .then(|| Observation { ending: Ending::Exited(128 + signal), ..original.clone() })
}

fn timed_out(case: &Case, original: &Observation) -> Option<Observation> {
    let applies = case.facts.end == End::TimedOut && original.ending == Ending::Exited(255);
    applies.then(|| Observation { ending: Ending::Exited(124), ..original.clone() })
}

/// The children hear of a timeout, too, and the shell may report how they ended.
fn group_timed_out(case: &Case, original: &Observation) -> Option<Observation> {
    let alert = original.event()?["alert_type"].as_str()?;
    let text = text(&case.options, &case.facts, alert, Fences::Plain);
    (case.facts.end == End::TimedOut).then(|| original.with_event(|event| event["text"] = text.as_str().into()))
}

fn listed_in_any_mode(case: &Case, original: &Observation) -> Option<Observation> {
    let options = &case.options;
    let error = original.event()?["alert_type"] == "error";
    (error && options.mode() != "warnings" && case.facts.is_listed(options)).then(|| {
        original.with_event(|event| {
            event["alert_type"] = "warning".into();
            let before = event["text"].as_str().and_then(|text| text.strip_suffix(&closing(options, "error")));
            let before = before.expect("an error event ends with its notification").to_owned();
            event["text"] = (before + &closing(options, "warning")).into();
        })
    })
}

fn empty_tags(_: &Case, original: &Observation) -> Option<Observation> {
    let mut changed = original.clone();
    for body in changed.requests.iter_mut().map(|request| &mut request.body) {
        for place in ["/tags", "/series/0/tags"] {
            let Some(tags) = body.pointer_mut(place) else { continue };
            if let Some(list) = tags.as_array_mut() {
                list.retain(|tag| tag != "");
                if list.is_empty() {
                    *tags = Value::Null;
                }
            }
        }
    }
    Some(changed)
}

fn no_name(case: &Case, original: &Observation) -> Option<Observation> {
    if case.options.has("name") {
        return None;
    }
    let command = String::from_utf8_lossy(&case.options.command()).into_owned();
    let program = command.split_whitespace().find(|word| !word.contains('='))?;
    let name = program.rsplit('/').next()?;
    let named = original.with_event(|event| {
        event["title"] =
            event["title"].as_str().unwrap_or_default().replacen("] None ", &format!("] {name} "), 1).into();
        event["aggregation_key"] = name.into();
    });
    Some(with_strings(
        named,
        |text| if text == "event_name:None" { format!("event_name:{name}") } else { text.to_owned() },
    ))
}

fn long_name(_: &Case, original: &Observation) -> Option<Observation> {
    Some(original.with_event(|event| {
        if let Some(key) = event["aggregation_key"].as_str() {
            event["aggregation_key"] = key.chars().take(100).collect::<String>().into();
        }
    }))
}

fn not_unicode(_: &Case, original: &Observation) -> Option<Observation> {
    Some(with_strings(original.clone(), crate::conformance::surrogates::replaced))
}

fn backticks(case: &Case, original: &Observation) -> Option<Observation> {
    let alert = original.event()?["alert_type"].as_str()?;
    let rendered = |fences| Value::from(text(&case.options, &case.facts, alert, fences));
    (original.event()?["text"] == rendered(Fences::Plain))
        .then(|| original.with_event(|event| event["text"] = rendered(Fences::Outlasting)))
}

fn long_text(_: &Case, original: &Observation) -> Option<Observation> {
    let text = original.event()?["text"].as_str()?;
    (text.chars().count() > TEXT_LIMIT)
        .then(|| original.with_event(|event| event["text"] = format!("{TO_BE_FITTED}{text}").into()))
}

fn spelling_of_numbers(case: &Case, _: &Observation) -> Option<Observation> {
    let options = &case.options;
    let time = options.times().iter().any(|time| seconds(time).is_none());
    let interval = options.all("proc_poll_interval").any(|interval| interval.trim().parse::<f64>().is_err());
    let code = options
        .last("warning_codes")
        .is_some_and(|codes| codes.split(',').any(|code| !is_code(code) && is_code_to_python(code)));
    (time || interval || code).then(Observation::refusal)
}

fn negative_time(case: &Case, _: &Observation) -> Option<Observation> {
    let negative = case.options.times().iter().filter_map(|time| seconds(time)).any(|seconds| seconds < 0.0);
    negative.then(Observation::refusal)
}

fn bad_codes(case: &Case, _: &Observation) -> Option<Observation> {
    let bad = case.options.last("warning_codes")?.split(',').any(|code| !is_code(code));
    bad.then(Observation::refusal)
}

/// With a query or a fragment it is not the address of an API: the path would be part of that.
fn bad_site(case: &Case, _: &Observation) -> Option<Observation> {
    let bad = case.options.last("site")?.trim().contains(['?', '#']);
    (bad && !case.options.asks_for_information()).then(Observation::refusal)
}

fn is_code(text: &str) -> bool {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Python's numbers may have underscores inside and the digits of any script.
fn is_code_to_python(text: &str) -> bool {
    !text.trim().is_empty() && text.trim().split('_').all(|part| !part.is_empty() && part.chars().all(char::is_numeric))
}

fn unusable_key(case: &Case, _: &Observation) -> Option<Observation> {
    let unusable = case.key()?.chars().any(|character| !character.is_ascii_graphic());
    (unusable && !case.options.asks_for_information()).then(Observation::refusal)
}

fn no_command(case: &Case, _: &Observation) -> Option<Observation> {
    let empty = case.options.command().is_empty();
    (empty && !case.options.asks_for_information()).then(Observation::refusal)
}

/// The same with every string in the bodies changed.
fn with_strings(mut observation: Observation, change: impl Fn(&str) -> String) -> Observation {
    observation.requests.iter_mut().for_each(|request| change_strings(&mut request.body, &change));
    observation
}

fn change_strings(value: &mut Value, change: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| change_strings(item, change)),
        Value::Object(fields) => fields.values_mut().for_each(|field| change_strings(field, change)),
        _ => {}
    }
}

/// The first columns of the README's tables.
fn rows_of_the_readme() -> Vec<String> {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("README.md can be read");
    readme
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next().map(|cell| cell.trim().to_owned()))
        .collect()
}

#[test]
fn every_difference_is_a_row_of_the_readme() {
    let rows = rows_of_the_readme();
    let missing: Vec<_> = DIFFERENCES
        .iter()
        .map(|difference| difference.row)
        .filter(|row| !rows.iter().any(|known| known == row))
        .collect();
    assert!(missing.is_empty(), "these differences are not in the table of README.md: {missing:#?}");
}
