//! `--capabilities`: what is lent is said before it is, without a secret, and without doing anything.

use serde_json::{Value, json};

use crate::support::{Ending, Invocation, dogwrap_path};

/// The program with a key in its environment and in its arguments.
fn invocation<const N: usize>(arguments: [&str; N]) -> Invocation {
    let secret = ["--capabilities", "-k", "s3cr3t-argument"];
    Invocation::new(dogwrap_path(), secret.into_iter().chain(arguments)).variable("DD_API_KEY", "s3cr3t-variable")
}

/// What it prints, when that is all it does.
fn printed(invocation: &Invocation) -> String {
    let outcome = invocation.run();
    assert_eq!((outcome.ending, outcome.stderr.as_slice()), (Ending::Exited(0), &b""[..]), "{outcome:?}");
    let printed = String::from_utf8(outcome.stdout).expect("it is text");
    assert!(!printed.contains("s3cr3t"), "{printed}");
    let left: Vec<_> = invocation.home().read_dir().expect("it can be listed").collect();
    assert!(left.is_empty(), "{left:?}");
    printed
}

fn json_of(invocation: &Invocation) -> Value {
    serde_json::from_str(&printed(invocation)).expect("it is JSON")
}

fn assert_is_usage_error(invocation: &Invocation, message: &str) {
    let outcome = invocation.run();
    let said = String::from_utf8_lossy(&outcome.stderr);
    assert_eq!((outcome.ending, outcome.stdout.as_slice()), (Ending::Exited(2), &b""[..]), "{invocation}: {said}");
    assert!(said.contains(message) && said.contains("\nhint: ") && !said.contains("s3cr3t"), "{invocation}: {said}");
}

#[test]
fn everything_that_is_lent_is_in_the_json() {
    let invocation = invocation([
        "--json",
        "-s",
        "http://user:s3cr3t@127.0.0.1:81/base",
        "-t",
        "1.5",
        "--hide_api_key",
        "--api_key_file",
        "key",
        "--",
        "echo",
        "-n",
        "hi",
    ])
    .variable("DATADOG_HOST", "us3")
    .variable("COLUMNS", "100")
    .variable("AWS_SECRET_ACCESS_KEY", "s3cr3t");
    let sites = ["com", "us3", "us5", "eu", "ap1", "ap2", "uk1", "gov", "us2"];
    let domains = sites.map(|site| match site {
        "com" | "eu" => format!("datadoghq.{site}"),
        "gov" => "ddog-gov.com".to_owned(),
        "us2" => "us2.ddog-gov.com".to_owned(),
        site => format!("{site}.datadoghq.com"),
    });
    let expected = json!({
        "arguments": "all",
        "command": {
            "arguments": ["-c", "echo -n hi"],
            "number": 1,
            "program": "/bin/sh",
            "timeout_seconds": 1.5,
            "without_variables": ["DD_API_KEY", "DATADOG_API_KEY"],
        },
        "component": "built in",
        "environment": ["COLUMNS", "DATADOG_HOST", "DD_API_KEY"],
        "files": {
            "directory_to_read_and_write": invocation.home().join("state/dogwrap"),
            "key_file_to_read": "key",
            "to_learn_the_name_of_the_machine": ["/etc/dd-agent/datadog.conf", "/etc/datadog-agent/datadog.yaml"],
        },
        "limits": {
            "computing_seconds": 2,
            "handles": 5000,
            "memory_bytes": 64 * 1024 * 1024,
            "own_words_bytes": 1024 * 1024,
            "to_finish_seconds": 44,
        },
        "requests": {
            "answer_bytes": 64 * 1024,
            "body_bytes": 1024 * 1024,
            "each_seconds": 60,
            "method": "POST",
            "number": 2000,
            "to_public_addresses": domains.map(|domain| format!("https://api.{domain}:443")),
            "to_public_and_private_addresses": ["http://127.0.0.1:81"],
        },
    });
    assert_eq!(json_of(&invocation), expected);
}

/// Every name and every value below `value`, as people read them.
fn facts(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => {
            let fact = |(name, value): (&String, &Value)| [vec![name.replace('_', " ")], facts(value)].concat();
            members.iter().flat_map(fact).collect()
        }
        Value::Array(values) if values.is_empty() => vec!["none".to_owned()],
        Value::Array(values) => values.iter().flat_map(facts).collect(),
        Value::Null => vec!["none".to_owned()],
        Value::String(text) => vec![text.clone()],
        Value::Number(number) => match number.as_u64() {
            Some(bytes @ 1024..) if bytes % 1024 == 0 => {
                vec![if bytes % (1 << 20) == 0 {
                    format!("{} MiB", bytes >> 20)
                } else {
                    format!("{} KiB", bytes >> 10)
                }]
            }
            _ => vec![number.to_string()],
        },
        other => vec![other.to_string()],
    }
}

/// A line of the text without how far in it stands: what it names, and what it says of that.
fn facts_of_line(line: &str) -> Vec<String> {
    let (name, value) = line.trim_start().split_once(": ").unwrap_or((line.trim().trim_end_matches(':'), ""));
    let value = value.trim_end_matches(" seconds");
    [name, value].into_iter().filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[test]
fn the_text_has_the_same_facts() {
    let arguments = ["-s", "http://127.0.0.1:81", "-t", "1.5", "--no_spool", "exit 3"];
    let text = invocation(arguments);
    let json = invocation(["--json", "-s", "http://127.0.0.1:81", "-t", "1.5", "--no_spool", "exit 3"]);
    let without_unit = |name: String| name.trim_end_matches(" seconds").trim_end_matches(" bytes").to_owned();
    let expected: Vec<_> = facts(&json_of(&json)).into_iter().map(without_unit).collect();
    let shown: Vec<_> = printed(&text).lines().flat_map(facts_of_line).collect();
    assert_eq!(shown, expected);
}

#[test]
fn the_text_is_an_outline() {
    let text = printed(&invocation(["-t", "86400", "--", "echo", "one\ntwo"]));
    let (command, _) = text.split_once("component: ").expect("the component is named");
    let expected = "arguments: all\n\
        command:\n  arguments:\n    -c\n    echo one\n    two\n  number: 1\n  program: /bin/sh\n  \
        timeout: 86400 seconds\n  without variables: none\n";
    assert_eq!(command, expected);
    assert!(text.contains("\n  memory: 64 MiB\n"), "{text}");
}

#[test]
fn no_command_is_needed() {
    for arguments in [["--json"].as_slice(), &["--json", "--flush"], &["--json", "--spool"], &["--json", "--"]] {
        let arguments = ["--capabilities"].iter().chain(arguments);
        assert_eq!(json_of(&Invocation::new(dogwrap_path(), arguments))["command"], json!(null));
    }
    let text = printed(&invocation([]));
    assert!(text.contains("\ncommand: none\n"), "{text}");
}

#[test]
fn the_component_is_named_and_not_loaded() {
    let component = &json_of(&invocation(["--json", "--component", "not/there", "true"]))["component"];
    assert_eq!(component, "not/there");
}

#[test]
fn what_is_wrong_otherwise_stays_wrong() {
    let not_a_site = ["-s", "http://127.0.0.1:99999"];
    assert_is_usage_error(&invocation([not_a_site[0], not_a_site[1], "true"]), "error: ");
    assert_is_usage_error(&invocation(not_a_site), "there is no command to run");
    assert_is_usage_error(&invocation(["-t", "soon", "true"]), "invalid value 'soon'");
    assert_is_usage_error(&invocation(["-t", "soon"]), "invalid value 'soon'");
    assert_is_usage_error(&invocation(["--unknown", "true"]), "unexpected argument '--unknown'");
    assert_is_usage_error(&invocation(["--unknown"]), "unexpected argument '--unknown'");
    assert_is_usage_error(&invocation(["--any_key", "true"]), "--any_key is for --flush");
    assert_is_usage_error(&invocation(["--flush", "--delivery_timeout", "0"]), "no time to deliver");
    assert_is_usage_error(&Invocation::new(dogwrap_path(), ["--json", "true"]), "--json is for --spool");
    assert_is_usage_error(&Invocation::new(dogwrap_path(), ["--json"]), "--json is for --spool");
}

#[test]
fn help_is_help() {
    let outcome = invocation(["--help"]).run();
    assert_eq!(outcome.ending, Ending::Exited(0));
    assert!(String::from_utf8_lossy(&outcome.stdout).contains("--capabilities"));
}

#[test]
fn it_is_said_when_it_cannot_be_printed() {
    let run = |redirection: &str| {
        let script = format!("\"$@\" --capabilities true {redirection}");
        let program = dogwrap_path().into_os_string();
        Invocation::new("/bin/sh", ["-c".into(), script.into(), "sh".into(), program]).run()
    };
    let full = run(">/dev/full");
    assert_eq!(full.ending, Ending::Exited(1));
    let said = String::from_utf8_lossy(&full.stderr);
    assert_eq!(said, "dogwrap: cannot write to standard output: no space left on device\n");
    assert_eq!(run(">/dev/full 2>/dev/full").ending, Ending::Exited(1));
    // The reader is gone before anything is written.
    let gone = run("| true; exit 0");
    assert_eq!((gone.ending, gone.stderr.as_slice()), (Ending::Exited(0), &b""[..]));
}
