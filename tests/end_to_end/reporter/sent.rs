//! What the API is sent.

use serde_json::json;

use super::runtime::Reporter;
use crate::server::{Answer, Server};
use crate::spool::sent::{events, jobs};
use crate::spool::wrapper::{HOST, KEY};

#[test]
fn a_failure_becomes_an_event_as_the_wrapper_sends_it() {
    let server = Server::start(Answer::default());
    let Some(reporter) = Reporter::to(server.url()) else { return };
    let reporter = reporter.options(["--duration", "1.5", "--tags", "a:b,c", "--notify_error", "@oncall"]);
    reporter.run(["-n", "nightly", "--exit_code", "3", "--", "backup", "--all"]).quietly();

    let requests = server.requests();
    let [request] = requests.as_slice() else { panic!("one request: {requests:?}") };
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/api/v1/events"));
    let header = |name: &str| {
        let values: Vec<_> = request
            .headers
            .iter()
            .filter(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect();
        assert_eq!(values.len(), 1, "{name}: {:?}", request.headers);
        values[0].clone()
    };
    assert_eq!(header("dd-api-key"), KEY);
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("content-length"), request.body.len().to_string());
    assert!(header("user-agent").starts_with("dogwrap/"));
    let text = "%%%\n**>>>> CMD <<<<**\n```\nbackup --all \n```\n**>>>> EXIT CODE <<<<**\n\n 3\n\n\n\
        **>>>> NOTIFICATIONS <<<<**\n\n @oncall\n%%%\n";
    let expected = json!({
        "title": format!("[{HOST}] nightly failed in 1.50s"), "text": text, "alert_type": "error",
        "aggregation_key": "nightly", "host": HOST, "priority": "normal", "tags": ["a:b", "c"],
    });
    assert_eq!(events(&server), [expected]);
}

#[test]
fn which_runs_are_submitted_is_said_by_the_mode() {
    let server = Server::start(Answer::default());
    let Some(reporter) = Reporter::to(server.url()) else { return };
    reporter.report("a success", 0).quietly();
    assert_eq!(jobs(&server), [""; 0]);
    reporter.options(["-m", "all"]).report("all", 0).quietly();
    reporter.options(["-m", "warnings", "--warning_codes", "4"]).report("warning", 4).quietly();
    reporter.options(["-m", "warnings", "--warning_codes", "4"]).report("error", 5).quietly();
    let types: Vec<_> = events(&server).iter().map(|event| event["alert_type"].clone()).collect();
    assert_eq!(
        (jobs(&server), types),
        (
            ["all", "warning", "error"].map(String::from).to_vec(),
            vec![json!("success"), json!("warning"), json!("error")]
        )
    );
}

#[test]
fn a_metric_goes_along_when_the_duration_is_known() {
    let server = Server::start(Answer::default());
    let Some(reporter) = Reporter::to(server.url()) else { return };
    let reporter = reporter.options(["--send_metric"]);
    reporter.options(["--duration", "2.5"]).report("job", 3).quietly();
    let metric = &events(&server)[0]["series"][0];
    assert_eq!((&metric["metric"], &metric["points"][0][1]), (&json!("dogwrap.duration"), &json!(2.5)));

    let said = reporter.report("job", 3).with(0);
    assert!(said.contains("no metric is sent") && said.lines().count() == 1, "{said}");
    let targets: Vec<_> = server.requests().iter().map(|request| request.target.clone()).collect();
    assert_eq!(targets, ["/api/v1/series", "/api/v1/events", "/api/v1/events"]);
}

#[test]
fn the_host_is_the_one_that_an_option_names() {
    let server = Server::start(Answer::default());
    let Some(reporter) = Reporter::to(server.url()) else { return };
    reporter.options(["--host", "node7"]).report("job", 3).quietly();
    assert_eq!(events(&server)[0]["host"], "node7");
}

#[test]
fn the_key_can_be_in_a_file_that_is_lent() {
    let server = Server::start(Answer::default());
    let Some(reporter) = Reporter::to(server.url()) else { return };
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let path = directory.path().join("key");
    std::fs::write(&path, format!("{KEY}-of-a-file\n")).expect("a file can be written");
    let path = path.to_str().expect("temporary paths are UTF-8");
    let reporter = reporter.key("").lent(directory.path()).options(["--api_key_file", path]);
    reporter.report("job", 3).quietly();
    let requests = server.requests();
    let is_key = |(name, value): &(String, String)| {
        name.eq_ignore_ascii_case("dd-api-key") && *value == format!("{KEY}-of-a-file")
    };
    assert!(requests[0].headers.iter().any(is_key), "{requests:?}");
}
