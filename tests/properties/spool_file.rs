//! Whatever stands in a file of the state directory: it is read as what was written, or left alone.

use dogwrap::kept::Kept;
use dogwrap::listing::{Listed, State, json_lines, table};
use dogwrap::requests::Kind;
use dogwrap::retry::Failure;
use dogwrap::spool::{file_name, time_of};
use dogwrap::start::{End, Line, Record};
use dogwrap::text::MAXIMUM_LENGTH;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A time that is later than what most inputs tell of, in seconds since 1970.
const NOW: u64 = 1_795_376_346;

/// Reads `input` as the name of a file, as a request that waits, and as the record of a run.
pub fn holds_of(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Some(time) = time_of(&text) {
        assert!(text.starts_with(&format!("{time:013}-")), "{text:?}");
    }
    if let Ok(kept) = serde_json::from_slice::<Kept>(input) {
        assert_kept(kept);
    }
    if let Some(record) = Record::read(input) {
        assert_record(input, &record);
    }
}

fn assert_kept(mut kept: Kept) {
    let read: Kept = serde_json::from_str(&json(&kept)).expect("what was written");
    assert_eq!(json(&read), json(&kept));
    assert_listing(&kept);

    for now in [0, kept.happened_at, NOW, u64::MAX] {
        match kept.request.body_later(kept.happened_at, now) {
            Ok(body) => assert!(serde_json::from_str::<&RawValue>(&body).is_ok(), "{body}"),
            Err(reason) => assert!(kept.request.kind == Kind::Metric && now > kept.happened_at, "{reason}"),
        }
    }
    for failure in [Failure::of_status(503, "", None), Failure::of_status(403, "", None)] {
        kept = kept.failed(NOW, &failure);
        assert!(!kept.rests(NOW + 60 * 60), "nothing rests for longer than an hour");
        assert!(kept.reason.ends_with(failure.reason()));
    }
}

/// Checks that a listing has a line for what waits, and that nothing in it commands a terminal.
fn assert_listing(kept: &Kept) {
    let listed = [Listed { state: State::Waiting, file: "/spool/1.json".to_owned(), kept: kept.clone() }];
    for (listing, lines) in [(table(&listed), 2), (json_lines(&listed), 1)] {
        assert!(listing.ends_with('\n') && listing.lines().count() == lines, "{listing:?}");
        assert!(!listing.lines().any(|line| line.contains(char::is_control)), "{listing:?}");
    }
    let line: Value = serde_json::from_str(&json_lines(&listed)).expect("JSON");
    assert_eq!([&line["job"], &line["reason"], &line["api"]], [&kept.job, &kept.reason, &kept.recipient.api]);
}

fn assert_record(text: &[u8], record: &Record) {
    let read = Record::read(write(record).as_bytes()).expect("what was written");
    assert_same(&read, record);

    // Somebody is killed while he writes the next line, or even this one.
    let broken_off = Record::read(&[text, b"\n{\"done\":"].concat()).expect("what was there before");
    assert_same(&broken_off, record);
    let half = &text[..text.len() / 2];
    assert!(Record::read(half).is_none_or(|half| half.start == record.start));

    if let Some(end) = &record.end {
        assert!(end.requests.is_sorted_by(|(one, _), (next, _)| one < next), "{:?}", end.requests);
        let name = file_name((end.happened_at * 1000.0) as u64, NOW, end.requests.len());
        assert!(time_of(&name).is_some(), "nobody would find {name}");
    }
    let event = record.start.vanished(None);
    assert!(event.text.chars().count() <= MAXIMUM_LENGTH && event.aggregation_key.chars().count() <= 100, "{event:?}");
}

/// Writes a record of what `record` says is left to do.
fn write(record: &Record) -> String {
    let started = Line::Started(record.start.clone());
    let ended = record.end.as_ref().map(|end| Line::Ended {
        happened_at: end.happened_at,
        requests: end.requests.iter().map(|(_, request)| request.clone()).collect(),
    });
    let lines = [Some(started), ended].into_iter().flatten();
    lines.map(|line| serde_json::to_string(&line).expect("plain data") + "\n").collect()
}

/// Checks that both records say the same. Of a fraction, the last bit may get lost: to read that as well takes more code in
/// the component than it is worth.
fn assert_same(read: &Record, record: &Record) {
    assert_eq!(read.start, record.start);
    assert_eq!(read.end.is_some(), record.end.is_some());
    if let (Some(read), Some(end)) = (&read.end, &record.end) {
        let difference = (read.happened_at - end.happened_at).abs();
        assert!(difference <= f64::EPSILON * end.happened_at.abs(), "{read:?}");
        let requests = |end: &End| end.requests.iter().map(|(_, request)| json(request)).collect::<Vec<_>>();
        assert_eq!(requests(read), requests(end));
    }
}

fn json(data: &impl Serialize) -> String {
    serde_json::to_string_pretty(data).expect("plain data")
}
