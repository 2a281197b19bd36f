//! The recorded cases of the original, against ours.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::Value;

use crate::conformance::differences::{DIFFERENCES, expected};
use crate::conformance::intended::End;
use crate::conformance::observation::{Observation, Request};
use crate::conformance::scenario::{Case, Scenario};
use crate::conformance::surrogates;
use crate::support::dogwrap_path;

const THREADS: usize = 4;
/// Where the API takes metrics and events, unless a site says otherwise.
const PATHS: [&str; 2] = ["/api/v1/series", "/api/v1/events"];
const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/end_to_end/conformance/data");

/// What the original did, once.
pub struct Recorded {
    pub id: String,
    pub scenario: Scenario,
    original: Observation,
    /// Standard output is recorded by its beginning and its length alone.
    abbreviated: Option<(Vec<u8>, usize)>,
}

#[derive(Default)]
struct Report {
    unchanged: usize,
    rows: BTreeMap<&'static str, usize>,
    failures: Vec<String>,
}

#[test]
fn recorded_cases() {
    let program = dogwrap_path();
    let report = Mutex::new(Report::default());
    for_each(|recorded, directory| {
        let case = recorded.scenario.read(directory);
        let (expected, rows, mut failures) = recorded.expected(case.as_ref());
        let ours = recorded.scenario.observe(&program, directory);
        failures.extend(expected.mismatches(&ours));
        report.lock().expect("no thread panics with the report").add(&recorded.id, &rows, failures);
    });
    report.into_inner().expect("no thread panics with the report").conclude();
}

/// Calls `look` with each recorded case and a directory that holds the fixtures, several at a time.
pub fn for_each(look: impl Fn(&Recorded, &Path) + Sync) {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    for file in Path::new(DATA).join("fixtures").read_dir().expect("the fixtures can be listed") {
        let file = file.expect("the fixtures can be listed");
        std::fs::copy(file.path(), directory.path().join(file.file_name())).expect("a fixture can be copied");
    }
    let cases = std::fs::read_to_string(format!("{DATA}/cases.jsonl")).expect("the recorded cases can be read");
    let waiting = Mutex::new(cases.lines());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(line) = next(&waiting) {
                    look(&Recorded::read(line), directory.path());
                }
            });
        }
    });
}

/// The next case; a function, so that the lock is not held while the case runs.
fn next<'a>(waiting: &Mutex<std::str::Lines<'a>>) -> Option<&'a str> {
    waiting.lock().expect("no thread panics with the list").next()
}

impl Report {
    fn add(&mut self, id: &str, rows: &[&'static str], failures: Vec<String>) {
        if !failures.is_empty() {
            self.failures.push(format!("{id} {rows:?}\n    {}", failures.join("\n    ")));
        } else if rows.is_empty() {
            self.unchanged += 1;
        }
        for row in rows {
            *self.rows.entry(row).or_default() += 1;
        }
    }

    fn conclude(mut self) {
        println!("{:4} as the original", self.unchanged);
        for (row, count) in &self.rows {
            println!("{count:4} {row}");
        }
        for difference in DIFFERENCES {
            if !self.rows.contains_key(difference.row) && difference.shown_by.is_none() {
                self.failures.push(format!("no recorded case shows the difference {:?}", difference.row));
            }
        }
        self.failures.sort();
        assert!(self.failures.is_empty(), "{} failures:\n{}", self.failures.len(), self.failures.join("\n"));
    }
}

impl Recorded {
    fn read(line: &str) -> Self {
        let case: Value = serde_json::from_str(&surrogates::readable(line)).expect("a recorded case is JSON");
        let environment = case["env"].as_object().expect("an environment is an object");
        let requests = case["requests"].as_array().expect("requests are a list").iter().map(|request| Request {
            method: string(&request["method"]),
            path: string(&request["path"]),
            body: request["body"].clone(),
        });
        let stdout = match string_or_bytes(&case["stdout"]) {
            version if version == b"dogwrap 0.56.0\n" => b"dogwrap {VERSION}\n".to_vec(),
            other => other,
        };
        let length = case["stdout"]["len"].as_u64().map(|length| length.try_into().expect("memory holds it"));
        let status = case["exit"].as_i64().and_then(|status| status.try_into().ok()).expect("a status is a number");
        Self {
            id: string(&case["id"]),
            scenario: Scenario {
                arguments: case["args"].as_array().expect("arguments are a list").iter().map(string_or_bytes).collect(),
                environment: environment.iter().map(|(name, value)| (name.clone(), string(value))).collect(),
                input: string_or_bytes(&case["stdin"]),
            },
            abbreviated: length.map(|length| (stdout.clone(), length)),
            original: Observation { requests: requests.collect(), ..Observation::silent(status, stdout) }
                .without_repetitions(),
        }
    }

    /// What ours must do, the rows that say so, and what is wrong with the expectation itself.
    pub fn expected(&self, case: Option<&Case>) -> (Observation, Vec<&'static str>, Vec<String>) {
        let mut original = self.original.clone();
        let Some(case) = case else { return (original, Vec::new(), Vec::new()) };
        if let Some((beginning, length)) = &self.abbreviated {
            let stdout = &case.facts.stdout;
            assert!(
                stdout.len() == *length && stdout.starts_with(beginning),
                "{}: the shell prints something else",
                self.id
            );
            original.stdout.clone_from(stdout);
        }
        let (expected, rows) = expected(case, &original);
        // Where the original is right, so must be the rules by which it is corrected elsewhere.
        let comparable = rows.is_empty() && case.facts.end != End::TimedOut && original != Observation::refusal();
        let wrong_rules =
            if comparable && original.requests.iter().all(|request| PATHS.contains(&request.path.as_str())) {
                case.intended().mismatches(&original)
            } else {
                Vec::new()
            };
        (expected, rows, wrong_rules.into_iter().map(|mismatch| format!("rules of the test: {mismatch}")).collect())
    }
}

fn string(value: &Value) -> String {
    value.as_str().expect("a string is recorded here").to_owned()
}

/// Bytes are recorded as text, or encoded, or by their beginning; as nothing when there are none.
fn string_or_bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        Value::Object(fields) => match (&fields.get("base64"), &fields.get("head")) {
            (Some(encoded), _) => BASE64_STANDARD.decode(string(encoded)).expect("the encoding is valid"),
            (None, Some(beginning)) => string(beginning).into_bytes(),
            (None, None) => panic!("{fields:?} are not bytes"),
        },
        other => panic!("{other} are not bytes"),
    }
}
