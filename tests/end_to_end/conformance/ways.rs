//! Every way in gives the same requests: the rules themselves, the library of the host, the component in Python and in
//! Node, and the reporter in a stock runtime.
//!
//! Each is given the recorded cases, or the finished runs of their commands and the settings of their command lines, and is
//! held to what the native program has to send.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use dogwrap::capture::Capture;
use dogwrap::command_line::options::Program;
use dogwrap::command_line::{self, Invocation, Surroundings};
use dogwrap::requests::{METHOD, requests};
use dogwrap::run::{Outcome, Run};
use dogwrap::settings::{Priority, Reporting, SubmitMode};
use serde_json::{Value, json};

use crate::conformance::intended::{End, Facts};
use crate::conformance::observation::{Observation, Request};
use crate::conformance::recorded::{Recorded, for_each};
use crate::conformance::surrogates;
use crate::reporter::runtime::Reporter;
use crate::server::{Answer, Server};
use crate::support::skipped;

/// The machine's name in these cases, the time, and how long everything took.
const HOST: &str = "host.test";
const ENDED_AT: f64 = 1_795_376_346.5;
const DURATION: Duration = Duration::from_millis(1500);

/// How many of the recorded cases have something to send, at least: that they are found is part of the test.
const LEAST_NUMBER: usize = 190;

/// A finished run of a recorded case, and the requests that it is worth.
struct Judged {
    id: String,
    reporting: Reporting,
    facts: Facts,
    expected: Observation,
}

/// Every recorded case that runs a command and whose requests a server has to see. They are run once for all the tests.
fn judged() -> &'static [Judged] {
    static JUDGED: OnceLock<Vec<Judged>> = OnceLock::new();
    JUDGED.get_or_init(|| {
        let judged = Mutex::new(Vec::new());
        for_each(|recorded, directory| {
            let found = judge(recorded, directory);
            judged.lock().expect("no thread panics with the list").extend(found);
        });
        let judged: Vec<Judged> = judged.into_inner().expect("no thread panics with the list");
        assert!(judged.iter().filter(|judged| !judged.expected.requests.is_empty()).count() >= LEAST_NUMBER);
        judged
    })
}

fn judge(recorded: &Recorded, directory: &Path) -> Option<Judged> {
    let variable = |wanted: &str| {
        let set = recorded.scenario.environment.iter().find(|(name, _)| name == wanted);
        set.map(|(_, value)| value.replace("{URL}", "http://api.test"))
    };
    let arguments: Vec<_> = recorded.scenario.arguments.iter().map(|word| without_placeholders(word)).collect();
    let surroundings = Surroundings { variable: &variable, key_file: &|| None };
    let Ok(Invocation::Run(settings)) = command_line::parse(Program::Wrapper, "dogwrap", &arguments, surroundings)
    else {
        return None;
    };
    // Without a key, or with an address that leads nowhere, nothing is to be seen of what there is to send.
    settings.delivery.destination.api_key.as_ref()?;
    let case = recorded.scenario.read(directory)?;
    let (expected, _, _) = recorded.expected(Some(&case));
    let is_sent = settings.reporting.judge(&outcome(&case.facts)).is_some();
    if is_sent == expected.requests.is_empty() || expected.requests.iter().any(|request| request.method != METHOD) {
        return None;
    }
    Some(Judged {
        id: recorded.id.clone(),
        reporting: settings.reporting,
        facts: case.facts,
        // The name of the machine is another one in each.
        expected: Observation {
            host: None,
            ..Observation::of_requests(expected.requests.into_iter().map(below_the_api).collect())
        },
    })
}

/// A request with the path that follows the API's address.
fn below_the_api(request: Request) -> Request {
    let path = request.path.rfind("/api/v1/").map(|start| request.path[start..].to_owned());
    Request { path: path.unwrap_or(request.path), ..request }
}

fn without_placeholders(word: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(word) {
        Ok(text) => text.replace("{URL}", "http://api.test").replace("{PORT}", "80").into_bytes(),
        Err(_) => word.to_vec(),
    }
}

fn outcome(facts: &Facts) -> Outcome {
    let number = |number: i32| u8::try_from(number).expect("statuses and signals are small");
    match facts.end {
        End::Exited(status) => Outcome::Exited(number(status)),
        End::Signaled(signal) => Outcome::Signaled(number(signal)),
        End::TimedOut => Outcome::TimedOut,
    }
}

/// Holds a way to all cases, given how it answers each.
fn assert_same(way: &str, judged: &[Judged], answers: &[Vec<Request>]) {
    assert_eq!(answers.len(), judged.len(), "{way} answers each case once");
    let failures: Vec<_> = judged
        .iter()
        .zip(answers)
        .flat_map(|(judged, answer)| {
            let mismatches = judged.expected.mismatches(&Observation::of_requests(answer.clone()));
            mismatches.into_iter().map(|mismatch| format!("{}: {mismatch}", judged.id))
        })
        .collect();
    assert!(failures.is_empty(), "{way}: {} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn the_rules_in_rust_give_the_same_requests() {
    let judged = judged();
    let answer = |judged: &Judged| {
        let captured = |bytes: &[u8]| {
            let mut capture = Capture::default();
            capture.push(bytes);
            capture
        };
        let run = Run {
            outcome: outcome(&judged.facts),
            duration: Some(DURATION),
            ended_at: ENDED_AT,
            stdout: captured(&judged.facts.stdout),
            stderr: captured(&judged.facts.stderr),
            output_left_open: false,
            unseen: None,
        };
        let made = judged
            .reporting
            .judge(&run.outcome)
            .map(|alert_type| requests(&run, alert_type, &judged.reporting, Some(HOST)));
        let sent = |made: dogwrap::requests::Request| Request {
            method: METHOD.to_owned(),
            path: made.kind.path().to_owned(),
            body: serde_json::from_str(made.body.get()).expect("a body is JSON"),
        };
        made.into_iter().flatten().map(sent).collect()
    };
    assert_same("the rules in Rust", judged, &judged.iter().map(answer).collect::<Vec<_>>());
}

#[test]
fn the_library_in_rust_gives_the_same_requests() {
    let Some(program) = std::env::var_os("DOGWRAP_EXAMPLES").filter(|path| !path.is_empty()) else {
        return skipped(
            "the library is held to nothing, because DOGWRAP_EXAMPLES names no directory with its examples",
        );
    };
    let program = PathBuf::from(program).join("wrap");
    let failures = Mutex::new(Vec::new());
    for_each(|recorded, directory| {
        // A command of a library has nothing to read.
        let Some(judged) = judge(recorded, directory).filter(|_| recorded.scenario.input.is_empty()) else { return };
        let sent = recorded.scenario.observe(&program, directory).requests;
        let sent =
            Observation { host: None, ..Observation::of_requests(sent.into_iter().map(below_the_api).collect()) };
        let mismatches = judged.expected.mismatches(&sent).into_iter();
        failures
            .lock()
            .expect("no thread panics with the list")
            .extend(mismatches.map(|mismatch| format!("{}: {mismatch}", judged.id)));
    });
    let failures = failures.into_inner().expect("no thread panics with the list");
    assert!(failures.is_empty(), "the library: {} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn the_reporter_in_a_stock_runtime_gives_the_same_requests() {
    let server = Server::start(Answer::default());
    let Some(reporter) = Reporter::to(server.url()) else { return };
    let judged = judged();
    let files = tempfile::tempdir().expect("a temporary directory can be made");
    let (stdout, stderr) = (files.path().join("stdout"), files.path().join("stderr"));
    let reporter =
        reporter.lent(files.path()).options(["--host", HOST, "--duration", &DURATION.as_secs_f64().to_string()]);
    let answer = |judged: &Judged| {
        std::fs::write(&stdout, &judged.facts.stdout).expect("a file can be written");
        std::fs::write(&stderr, &judged.facts.stderr).expect("a file can be written");
        let paths = [&stdout, &stderr].map(|path| path.to_str().expect("temporary paths are UTF-8"));
        let told = with_options(&reporter, judged).options(["--stdout", paths[0], "--stderr", paths[1]]);
        let before = server.requests().len();
        told.run(["--", &judged.reporting.command_text()]).with(0);
        server.requests().split_off(before).iter().map(Request::new).collect()
    };
    assert_same("the reporter", judged, &judged.iter().map(answer).collect::<Vec<_>>());
}

/// The reporter with the options of a case, and how its command ended.
fn with_options(reporter: &Reporter, judged: &Judged) -> Reporter {
    let Reporting { name, warning_codes, tags, notifications, send_metric, .. } = &judged.reporting;
    let codes = warning_codes.iter().map(i32::to_string).collect::<Vec<_>>().join(",");
    let mut reporter = reporter
        .options(["--name", name, "--submit_mode", submit_mode(judged), "--tags", &tags.join(",")])
        .options(["--notify_success", &notifications.success, "--notify_error", &notifications.error])
        .options(["--notify_warning", &notifications.warning]);
    if !codes.is_empty() {
        reporter = reporter.options(["--warning_codes", &codes]);
    }
    if let Some(priority) = priority(judged) {
        reporter = reporter.options(["--priority", priority]);
    }
    if *send_metric {
        reporter = reporter.options(["--send_metric"]);
    }
    match outcome(&judged.facts) {
        Outcome::TimedOut => reporter.options(["--timed_out"]),
        Outcome::Signaled(signal) => reporter.options(["--signal", &signal.to_string()]),
        other => reporter.options(["--exit_code", &other.exit_status().to_string()]),
    }
}

#[test]
fn the_component_in_python_gives_the_same_requests() {
    other_language("DOGWRAP_PYTHON", "host/python/tests/judge.py");
}

#[test]
fn the_component_in_node_gives_the_same_requests() {
    other_language("DOGWRAP_NODE", "host/node/test/judge.mjs");
}

/// Holds the package of another language to all cases: by `script`, run by the interpreter that `variable` names.
fn other_language(variable: &str, script: &str) {
    let Some(interpreter) = std::env::var_os(variable).filter(|path| !path.is_empty()) else {
        return skipped(&format!(
            "{script} is held to nothing, because {variable} names no interpreter with the package"
        ));
    };
    let judged = judged();
    let lines: String = judged.iter().map(|judged| format!("{}\n", question(judged))).collect();
    let printed = answers(&interpreter, script, lines.into_bytes());
    let answer = |line: &str| {
        let answer: Value = serde_json::from_str(&surrogates::readable(line)).expect("an answer is JSON");
        let made = answer["requests"].as_array().unwrap_or_else(|| panic!("{script} answers {line}"));
        let text = |value: &Value| value.as_str().expect("it is a text").to_owned();
        let request = |made: &Value| Request {
            method: text(&made["method"]),
            path: text(&made["path"]),
            body: made["body"].clone(),
        };
        made.iter().map(request).collect()
    };
    assert_same(script, judged, &printed.lines().map(answer).collect::<Vec<_>>());
}

/// A case for a package: the finished run, and the settings by the names of the options.
fn question(judged: &Judged) -> Value {
    let Reporting { name, warning_codes, tags, notifications, send_metric, .. } = &judged.reporting;
    let outcome = match outcome(&judged.facts) {
        Outcome::Signaled(signal) => json!({"signaled": signal}),
        Outcome::TimedOut => json!("timed_out"),
        other => json!({"exited": other.exit_status()}),
    };
    json!({
        "run": {
            "job": name,
            "command": judged.reporting.command_text(),
            "outcome": outcome,
            "duration": DURATION.as_secs_f64(),
            "ended_at": ENDED_AT,
            "stdout_base64": BASE64_STANDARD.encode(&judged.facts.stdout),
            "stderr_base64": BASE64_STANDARD.encode(&judged.facts.stderr),
        },
        "settings": {
            "submit_mode": submit_mode(judged),
            "warning_codes": warning_codes,
            "priority": priority(judged),
            "tags": tags,
            "notify_success": notifications.success,
            "notify_error": notifications.error,
            "notify_warning": notifications.warning,
            "send_metric": send_metric,
            "host": HOST,
        },
    })
}

fn submit_mode(judged: &Judged) -> &'static str {
    match judged.reporting.submit_mode {
        SubmitMode::Errors => "errors",
        SubmitMode::Warnings => "warnings",
        SubmitMode::All => "all",
    }
}

fn priority(judged: &Judged) -> Option<&'static str> {
    judged.reporting.priority.map(|priority| match priority {
        Priority::Normal => "normal",
        Priority::Low => "low",
    })
}

/// What `script` prints, given `lines` on its standard input.
fn answers(interpreter: &OsString, script: &str, lines: Vec<u8>) -> String {
    let mut child = Command::new(interpreter)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{} cannot be started: {error}", interpreter.display()));
    let mut stdin = child.stdin.take().expect("standard input is a pipe");
    let writer = thread::spawn(move || stdin.write_all(&lines));
    let output = child.wait_with_output().expect("it can be waited for");
    assert!(output.status.success(), "{script} ends with {}", output.status);
    writer.join().expect("it does not panic").expect("it reads all cases");
    String::from_utf8(output.stdout).expect("what is printed is text")
}
