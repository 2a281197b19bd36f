//! `--api_key_file`: its key is sent, and one that cannot be used is no reason not to run the command.

use std::fs;

use super::concurrently::check_all;
use super::peer::{DESERTED, Peer, answer, field};
use super::reporter::{API_KEY, Reporter};
use crate::support::Ending;

fn accepting() -> Peer {
    Peer::answering(|_| answer("202 Accepted", "", ""))
}

fn with_file(reporter: &Reporter, name: &str, content: impl AsRef<[u8]>) -> Reporter {
    fs::write(reporter.directory().join(name), content).expect("the directory can be written to");
    reporter.clone().options(["--api_key_file", name])
}

/// The keys of the requests that a server has got.
fn keys(server: &Peer) -> Vec<String> {
    let key = |request: &String| field(request, "dd-api-key").expect("there is a key").to_owned();
    server.heard().iter().map(key).collect()
}

#[test]
fn blanks_and_line_breaks_around_the_key_do_not_count() {
    let contents = ["", "\n", "\r\n", "\n\n", " \t\n"].map(|end| format!("{API_KEY}{end}"));
    for content in contents.into_iter().chain([format!("\n  {API_KEY}\n")]) {
        let server = accepting();
        with_file(&Reporter::without_key(server.url()), "key", &content).assert_delivered("exit 3", 3);
        assert_eq!(keys(&server), [API_KEY], "{content:?}");
    }
}

#[test]
fn the_option_comes_before_the_file_and_the_file_before_the_environment() {
    let [option, file, environment, last] = ["s3cr3t-1", "s3cr3t-2", "s3cr3t-3", "s3cr3t-4"];
    let server = accepting();
    let with_last = Reporter::without_key(server.url()).variable("DATADOG_API_KEY", last);
    let with_environment = with_last.clone().variable("DD_API_KEY", environment);
    let with_key_file = with_file(&with_environment, "key", file);
    let with_option = with_key_file.clone().options(["-k", option]);
    for reporter in [&with_option, &with_key_file, &with_environment, &with_last] {
        reporter.assert_delivered("exit 3", 3);
    }
    // An empty option is none, and a file that is not needed need not be there.
    with_key_file.options(["-k", ""]).assert_delivered("exit 3", 3);
    with_environment.options(["--api_key_file", "nowhere", "-k", option]).assert_delivered("exit 3", 3);
    assert_eq!(keys(&server), [option, file, environment, last, file, option]);
}

/// What is at the path that should lead to a key.
enum Content {
    Nothing,
    Directory,
    Bytes(Vec<u8>),
}

#[test]
fn a_file_without_a_usable_key_is_said_and_the_event_is_kept() {
    let text = |text: &str| Content::Bytes(text.as_bytes().to_vec());
    let cases = [
        ("missing", Content::Nothing),
        ("a directory", Content::Directory),
        ("empty", text("")),
        ("blank", text(" \n")),
        ("with a blank", text("s3cr3t key\n")),
        ("two lines", text("s3cr3t\nkey\n")),
        ("a setting", text("api_key = s3cr3t\n")),
        ("not UTF-8", Content::Bytes(b"s3cr3t\xff".to_vec())),
        ("too large", Content::Bytes(b"s3cr3t".repeat(20_000))),
    ];
    check_all(&cases, |(name, _)| (*name).to_owned(), |(_, content)| check_unusable(content));
}

fn check_unusable(content: &Content) {
    let server = accepting();
    // The key in the environment is not the one that was asked for.
    let reporter = Reporter::to(server.url()).options(["--api_key_file", "key"]);
    let path = reporter.directory().join("key");
    match content {
        Content::Nothing => {}
        Content::Directory => fs::create_dir(&path).expect("nothing is there"),
        Content::Bytes(bytes) => fs::write(&path, bytes).expect("the directory can be written to"),
    }
    let told = reporter.run("exit 3");
    assert_eq!(told.ending, Ending::Exited(3));
    let [warning, line] = told.said.lines().collect::<Vec<_>>().try_into().expect("there are two lines");
    assert!(
        warning.starts_with("dogwrap: ") && warning.contains("'key'") && warning.contains("events are kept"),
        "{warning}"
    );
    let api = reporter.api();
    let advice = format!("dogwrap --flush --api_key_file key --site {api}");
    let expected =
        format!("dogwrap: event not delivered to {api}: no API key was given; kept, deliver it with '{advice}'");
    assert_eq!(line, expected);
    let [kept] = reporter.kept().try_into().expect("the event is kept");
    assert_eq!((kept.recipient.key, kept.reason.as_str()), (None, "no API key was given"));

    // A flush says the same, and sends nothing.
    let told = reporter.flush();
    assert_eq!(told.ending, Ending::Exited(2));
    assert!(told.said.starts_with(warning), "{told:?}");
    assert_eq!((server.heard().len(), reporter.kept().len()), (0, 1));

    if let Content::Directory = content {
        fs::remove_dir(&path).expect("it is empty");
    }
    fs::write(&path, format!("{API_KEY}\n")).expect("the directory can be written to");
    let told = reporter.follow(&advice);
    assert_eq!(told.ending, Ending::Exited(0), "{told:?}");
    assert_eq!((keys(&server), reporter.kept().len()), (vec![API_KEY.to_owned()], 0));
}

#[test]
fn the_line_names_the_file_in_a_way_that_a_shell_understands() {
    for name in ["key", "a key", "it's", "\"$HOME\"", "~", "*;`id`\\", "ключ", "-k", "#"] {
        let reporter = with_file(&Reporter::without_key(format!("http://{DESERTED}")), name, API_KEY).impatient();
        let told = reporter.run("exit 3");
        assert!(told.said.contains("--api_key_file "), "{told:?}");
        // There is a way now.
        let server = accepting();
        let told = reporter.clone().variable("HTTP_PROXY", server.url()).follow(&told.advice());
        assert_eq!(told.ending, Ending::Exited(0), "{name}: {told:?}");
        assert_eq!((keys(&server), reporter.kept().len()), (vec![API_KEY.to_owned()], 0), "{name}");
    }
}
