//! What waits and what was set aside, as `--spool` prints it: a table for people, or JSON lines for programs.

use serde::Serialize;

use crate::kept::Kept;
use crate::requests::Kind;
use crate::timestamp::rfc3339;

/// Whether a file of the spool is still to be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum State {
    #[serde(rename = "waiting")]
    Waiting,
    /// Somebody sends it just now, or was ended while doing so.
    #[serde(rename = "being sent")]
    Sending,
    /// The API will never take it.
    #[serde(rename = "set aside")]
    SetAside,
}

/// One file of the spool.
#[derive(Clone, Debug)]
pub struct Listed {
    pub state: State,
    /// The path of the file.
    pub file: String,
    pub kept: Kept,
}

/// A line of JSON. Times are in UTC, as RFC 3339 has them.
#[derive(Serialize)]
struct Entry<'a> {
    state: State,
    happened_at: String,
    job: &'a str,
    kind: Kind,
    api: &'a str,
    /// Whether it waits for a key of which nothing is known.
    lacks_key: bool,
    tried: u32,
    tried_at: String,
    reason: &'a str,
    file: &'a str,
}

/// One JSON object a line.
pub fn json_lines(listed: &[Listed]) -> String {
    let line = |listed: &Listed| {
        let kept = &listed.kept;
        let entry = Entry {
            state: listed.state,
            happened_at: rfc3339(kept.happened_at),
            job: &kept.job,
            kind: kept.request.kind,
            api: &kept.recipient.api,
            lacks_key: kept.recipient.key.is_none(),
            tried: kept.tried,
            tried_at: rfc3339(kept.tried_at),
            reason: &kept.reason,
            file: &listed.file,
        };
        escaped(&serde_json::to_string(&entry).unwrap_or_default()) + "\n"
    };
    listed.iter().map(line).collect()
}

/// The same JSON, in which nothing is a command to a terminal: JSON itself asks for the escaping of the lower control
/// characters only.
fn escaped(json: &str) -> String {
    let escape = |character: char| match character {
        character if character.is_control() => format!("\\u{:04x}", u32::from(character)),
        character => character.to_string(),
    };
    json.chars().map(escape).collect()
}

/// A table with a line for each. The last column is as wide as it likes.
pub fn table(listed: &[Listed]) -> String {
    if listed.is_empty() {
        return "nothing waits, and nothing was set aside\n".to_owned();
    }
    let heading = ["STATE", "HAPPENED", "JOB", "WHAT", "TRIED", "SITE", "WHY"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(heading).chain(listed.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<_> = (0..rows[0].len() - 1).map(width).chain([0]).collect();
    let line = |row: &[String; 7]| {
        let cells: Vec<_> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

fn row(listed: &Listed) -> [String; 7] {
    let kept = &listed.kept;
    let state = match listed.state {
        State::Waiting => "waiting",
        State::Sending => "being sent",
        State::SetAside => "set aside",
    };
    [
        state.to_owned(),
        rfc3339(kept.happened_at),
        printable(&kept.job),
        kept.request.kind.name().to_owned(),
        kept.tried.to_string(),
        printable(&kept.recipient.api),
        printable(&kept.reason),
    ]
}

/// Text of somebody else as a terminal can show it: nothing in it is a command to the terminal.
pub fn printable(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::Recipient;
    use crate::requests::Request;
    use serde_json::value::to_raw_value;
    use serde_json::{Value, json};

    fn listed(state: State, job: &str, tried: u32) -> Listed {
        Listed {
            state,
            file: "/state/spool/1.json".to_owned(),
            kept: Kept {
                recipient: Recipient { api: "https://api.test".to_owned(), key: None, key_was_refused: false },
                job: job.to_owned(),
                happened_at: 1_795_376_346,
                tried,
                tried_at: 1_795_376_356,
                reason: "connection refused".to_owned(),
                request_was_at_fault: false,
                request: Request { kind: Kind::Event, body: to_raw_value("body").expect("JSON"), text_when_old: None },
            },
        }
    }

    #[test]
    fn the_table_is_aligned_and_harmless() {
        let table = table(&[listed(State::Waiting, "nightly backup", 3), listed(State::SetAside, "e\u{1b}[2J", 1)]);
        let expected = "\
STATE      HAPPENED              JOB             WHAT   TRIED  SITE              WHY
waiting    2026-11-22T19:39:06Z  nightly backup  event  3      https://api.test  connection refused
set aside  2026-11-22T19:39:06Z  e [2J           event  1      https://api.test  connection refused
";
        assert_eq!(table, expected);
    }

    #[test]
    fn an_empty_table_says_so() {
        assert_eq!(table(&[]), "nothing waits, and nothing was set aside\n");
        assert_eq!(json_lines(&[]), "");
    }

    #[test]
    fn a_line_of_json_holds_everything() {
        let line: Value = serde_json::from_str(&json_lines(&[listed(State::SetAside, "job", 2)])).expect("JSON");
        let expected = json!({
            "state": "set aside", "happened_at": "2026-11-22T19:39:06Z", "job": "job", "kind": "event",
            "api": "https://api.test", "lacks_key": true, "tried": 2, "tried_at": "2026-11-22T19:39:16Z",
            "reason": "connection refused", "file": "/state/spool/1.json",
        });
        assert_eq!(line, expected);
    }

    #[test]
    fn a_line_of_json_is_harmless_and_says_the_same() {
        let job = "e\u{1b}[2J\u{9b}2J\u{7f}é";
        let lines = json_lines(&[listed(State::Waiting, job, 0)]);
        assert!(!lines.trim_end().contains(char::is_control), "{lines:?}");
        assert_eq!(serde_json::from_str::<Value>(&lines).expect("JSON")["job"], job);
    }
}
