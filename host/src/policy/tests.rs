//! What the policy permits, and what it makes of the end of a component.

use super::*;

fn policy(line: &[&str], variables: &'static [(&str, &str)]) -> Policy {
    let arguments = ["dogwrap"].iter().chain(line).map(|word| word.as_bytes().to_vec()).collect();
    let variable = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Policy::new(&Invocation::new(arguments), variable)
}

fn permits_command(policy: &Policy, program: &str, arguments: &[&str], unset: &[&str]) -> bool {
    let arguments: Vec<_> = arguments.iter().map(|argument| argument.as_bytes().to_vec()).collect();
    let unset: Vec<_> = unset.iter().map(|name| (*name).to_owned()).collect();
    policy.permits_command(program.as_bytes(), &arguments, &unset)
}

#[test]
fn only_the_command_that_was_written_is_started() {
    let written = policy(&["-n", "name", "echo", "hi", "--", "-x"], &[]);
    assert!(permits_command(&written, "/bin/sh", &["-c", "echo hi -x"], &[]));
    for (program, arguments) in [
        ("/bin/sh", &["-c", "echo hi"][..]),
        ("/bin/sh", &["-c", "name"]),
        ("/bin/sh", &["-c", "echo hi -x", "more"]),
        ("/bin/sh", &["echo hi -x"]),
        ("/bin/sh", &["-x", "echo hi -x"]),
        ("/bin/sh", &[]),
        ("/bin/bash", &["-c", "echo hi -x"]),
        ("sh", &["-c", "echo hi -x"]),
    ] {
        assert!(!permits_command(&written, program, arguments, &[]), "{program} {arguments:?}");
    }
}

#[test]
fn only_variables_that_are_to_be_hidden_are_taken_from_the_command() {
    let permits =
        |line: &[&str], unset: &[&str]| permits_command(&policy(line, &[]), "/bin/sh", &["-c", "true"], unset);
    for unset in [&[][..], &["DD_API_KEY"], &["DATADOG_API_KEY"], &["DD_API_KEY", "DATADOG_API_KEY"]] {
        assert!(permits(&["--hide_api_key", "true"], unset), "{unset:?}");
        assert_eq!(permits(&["true"], unset), unset.is_empty(), "{unset:?}");
    }
    for unset in [&["PATH"][..], &["DD_API_KEY", "PATH"], &["DD_API_KEY", "DD_SITE"], &[""]] {
        assert!(!permits(&["--hide_api_key", "true"], unset), "{unset:?}");
    }
}

#[test]
fn without_a_command_none_is_started() {
    for line in
        [&["--flush"][..], &["--spool"], &["--help"], &["--version"], &[], &["--unknown", "true"], &["-t", "x", "true"]]
    {
        let policy = policy(line, &[]);
        assert!(policy.command.is_none(), "{line:?}");
        assert!(!permits_command(&policy, "/bin/sh", &["-c", ""], &[]), "{line:?}");
        assert!(!permits_command(&policy, "/bin/sh", &["-c", "true"], &[]), "{line:?}");
    }
}

#[test]
fn the_command_is_the_bytes_that_were_written() {
    let arguments = [&b"dogwrap"[..], b"--", b"echo", b"\xff -n", b"--flush"].map(<[u8]>::to_vec).to_vec();
    let policy = Policy::new(&Invocation::new(arguments), |_| None);
    assert_eq!(policy.command.map(|command| command.line), Some(b"echo \xff -n --flush".to_vec()));
}

#[test]
fn requests_go_to_datadog_and_to_who_was_named() {
    let permits =
        |policy: &Policy, url: &'static str| policy.permits_request(&Method::POST, &Uri::from_static(url)).is_some();
    let by_default = policy(&["true"], &[]);
    for url in
        ["https://api.datadoghq.com/api/v1/events", "https://API.us3.datadoghq.com:443/", "https://api.datadoghq.eu"]
    {
        assert!(permits(&by_default, url), "{url}");
    }
    for url in [
        "http://api.datadoghq.com/",
        "http://api.datadoghq.com:443/",
        "https://api.datadoghq.com:8443/",
        "https://datadoghq.com/",
        "https://api.datadoghq.com.example/",
        "https://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "/api/v1/events",
    ] {
        assert!(!permits(&by_default, url), "{url}");
    }
    for named in [
        policy(&["-s", "http://gateway:8080/base", "true"], &[]),
        policy(&["true"], &[("DD_SITE", "http://user:password@gateway:8080")]),
        policy(&["-s", "", "true"], &[("DATADOG_HOST", "http://gateway:8080/")]),
        policy(&["-s", "http://gateway:8080", "--flush"], &[]),
    ] {
        assert!(permits(&named, "http://gateway:8080/base/api/v1/events"));
        assert!(!permits(&named, "https://gateway:8080/") && !permits(&named, "http://gateway/"));
    }
}

#[test]
fn private_addresses_are_for_who_is_named_by_a_url() {
    let addresses = |policy: &Policy, url: &'static str| policy.permits_request(&Method::POST, &Uri::from_static(url));
    let (us1, us3) = ("https://api.datadoghq.com/api/v1/events", "https://api.us3.datadoghq.com");
    for (line, variables) in
        [(&["true"][..], &[][..]), (&["-s", "us1", "true"], &[("DD_SITE", "datadoghq.com"), ("DATADOG_HOST", "us")])]
    {
        assert_eq!(addresses(&policy(line, variables), us1), Some(Addresses::Public), "{line:?}");
    }
    for (line, variables) in [
        (&["-s", "https://api.datadoghq.com", "true"][..], &[][..]),
        (&["-s", " https://user:password@API.datadoghq.com:443/base/", "true"], &[]),
        (&["-s", "us1", "true"], &[("DD_SITE", "https://api.datadoghq.com")]),
        (&["-s", "", "true"], &[("DATADOG_HOST", "https://api.datadoghq.com/")]),
    ] {
        let policy = policy(line, variables);
        assert_eq!(addresses(&policy, us1), Some(Addresses::AlsoPrivate), "{line:?}");
        assert_eq!(addresses(&policy, us3), Some(Addresses::Public), "{line:?}");
        assert_eq!(addresses(&policy, "http://api.datadoghq.com"), None, "{line:?}");
    }
}

#[test]
fn nothing_but_post_is_permitted() {
    let policy = policy(&["true"], &[]);
    let uri = Uri::from_static("https://api.datadoghq.com/");
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::CONNECT, Method::HEAD] {
        assert_eq!(policy.permits_request(&method, &uri), None, "{method}");
    }
}

#[test]
fn a_signal_is_permitted_when_it_came() {
    let policy = policy(&["-t", "10", "true"], &[]);
    let permits = |signal, received: &[Signal]| policy.permits_signal(signal, Duration::from_secs(9), received);
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGUSR1, Signal::SIGUSR2] {
        assert!(permits(signal, &[Signal::SIGUSR1, Signal::SIGUSR2, signal]), "{signal}");
        assert!(!permits(signal, &[]), "{signal}");
    }
    assert!(!permits(Signal::SIGKILL, &[Signal::SIGUSR1, Signal::SIGUSR2]), "nobody has asked for the end");
    assert!(!permits(Signal::SIGUSR1, &[Signal::SIGTERM]) && !permits(Signal::SIGUSR1, &[Signal::SIGUSR2]));
    assert!(permits(Signal::SIGKILL, &[Signal::SIGTERM]) && permits(Signal::SIGTERM, &[Signal::SIGINT]));
}

#[test]
fn a_command_whose_time_is_over_may_be_ended() {
    let permits = |line: &[&str], signal, seconds| {
        policy(line, &[]).permits_signal(signal, Duration::from_secs_f64(seconds), &[])
    };
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        assert!(!permits(&["-t", "0.5", "true"], signal, 0.499) && permits(&["-t", "0.5", "true"], signal, 0.5));
        assert!(!permits(&["true"], signal, 86_399.0) && permits(&["true"], signal, 86_400.0), "a day is the default");
        assert!(!permits(&["-t", "0", "true"], signal, 1e9), "there is no limit");
    }
    assert!(!permits(&["-t", "0.5", "true"], Signal::SIGUSR1, 1.0), "it ends nothing");
}

#[test]
fn the_status_is_the_commands() {
    let policy = policy(&["-t", "10", "true"], &[]);
    let ending =
        |status, outcome: &Outcome, seconds| policy.ending(status, Some(outcome), Some(Duration::from_secs(seconds)));
    for (status, outcome) in [(0, Outcome::Exited(0)), (3, Outcome::Exited(3)), (143, Outcome::Signaled(15))] {
        assert_eq!(ending(status, &outcome, 1), Ending::Accepted(status));
        assert_eq!(ending(1, &outcome, 1), Ending::Corrected(status));
        assert_eq!(ending(124, &outcome, 9), Ending::Corrected(status), "its time is not over");
        assert_eq!(ending(124, &outcome, 10), Ending::Accepted(124), "its time is over");
        assert_eq!(ending(status, &outcome, 10), Ending::Accepted(status));
    }
    let not_started = Outcome::NotStarted { status: 127 };
    assert_eq!(policy.ending(127, Some(&not_started), None), Ending::Accepted(127));
    assert_eq!(policy.ending(0, Some(&not_started), None), Ending::Corrected(127));
    assert_eq!(policy.ending(2, Some(&not_started), None), Ending::Corrected(127));
}

#[test]
fn a_command_that_was_not_run_or_not_waited_for_is_not_over() {
    let policy = policy(&["-t", "10", "true"], &[]);
    let running = |seconds| Some(Duration::from_secs(seconds));
    let refused = |status, running| match policy.ending(status, None, running) {
        Ending::Refused(reason) => reason,
        ending => panic!("{ending:?}"),
    };
    for status in [0, 1, 3, 124, 127, 255] {
        assert_eq!(refused(status, None), format!("it ended with status {status} and did not start the command"));
        assert_eq!(refused(status, running(9)), format!("it ended with status {status} before the command did"));
    }
    assert_eq!(policy.ending(2, None, None), Ending::Accepted(2), "a usage error runs nothing");
    assert_eq!(refused(2, running(1)), "it ended with status 2 before the command did");
    assert_eq!(policy.ending(124, None, running(10)), Ending::Accepted(124), "what cannot be killed is given up");
    assert_eq!(refused(0, running(10)), "it ended with status 0 before the command did");
}

#[test]
fn any_status_is_accepted_where_there_is_no_command() {
    for line in [&["--flush"][..], &["--spool"], &["--help"], &["--unknown"]] {
        for status in [0, 1, 2, 70, 255] {
            assert_eq!(policy(line, &[]).ending(status, None, None), Ending::Accepted(status), "{line:?}");
        }
    }
}

#[test]
fn a_list_may_be_long_and_other_words_may_not() {
    for line in [&["true"][..], &["--flush"], &["--help"], &["--unknown"]] {
        assert_eq!(policy(line, &[]).own_words, limits::OWN_WORDS, "{line:?}");
    }
    for line in [&["--spool"][..], &["--spool", "--json"]] {
        assert_eq!(policy(line, &[]).own_words, limits::LIST, "{line:?}");
    }
}

#[test]
fn the_time_to_finish_is_longer_than_all_that_it_is_told_to_take() {
    let beyond = |line: &[&str]| policy(line, &[]).time_to_finish.checked_sub(limits::TIME_TO_FINISH);
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(beyond(&["true"]), seconds(10 + 2 * 2));
    assert_eq!(beyond(&["--delivery_timeout", "100", "--drain_timeout", "7", "true"]), seconds(100 + 2 * 7));
    assert_eq!(beyond(&["--flush", "--delivery_timeout", "100", "--drain_timeout", "7"]), seconds(100));
    assert_eq!(beyond(&["--help"]), seconds(0));
    assert_eq!(beyond(&["--spool"]), seconds(0));
    let endless = policy(&["--delivery_timeout", &"9".repeat(40), "true"], &[]);
    assert_eq!(endless.time_to_finish, Duration::MAX);
}
