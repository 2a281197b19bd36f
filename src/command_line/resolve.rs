//! From options and environment to settings: what takes precedence over what, and what makes no sense.

use std::time::Duration;

use super::spelling::Spelled;
use super::{Surroundings, UsageError};
use crate::destination::{Destination, KeySource};
use crate::listing::printable;
use crate::seconds;
use crate::secret::Secret;
use crate::settings::{
    API_KEY_VARIABLES, Delivery, Notifications, Priority, Reporting, Settings, SubmitMode, TimeLimits, default_name,
    tags,
};
use crate::sites::Api;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);
const DEFAULT_SIGTERM_TIMEOUT: Duration = Duration::from_secs(120);
const DEFAULT_SIGKILL_TIMEOUT: Duration = Duration::from_secs(60);
const DEFAULT_DRAIN_TIMEOUT: Duration = Duration::from_secs(2);
const DEFAULT_DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);

/// Makes the settings of one run.
pub fn settings(spelled: &Spelled, surroundings: Surroundings<'_>) -> Result<Settings, UsageError> {
    if spelled.command_line().is_empty() {
        return Err(UsageError::new("there is no command to run", "see --help"));
    }
    let (reporting, odd) = reporting(spelled)?;
    let (delivery, mut warnings) = delivery(spelled, surroundings)?;
    warnings.extend(odd);
    Ok(Settings {
        reporting,
        buffer_outs: spelled.has_flag("buffer_outs"),
        limits: TimeLimits {
            timeout: Some(duration(spelled, "timeout", DEFAULT_TIMEOUT)?).filter(|timeout| !timeout.is_zero()),
            sigterm_timeout: duration(spelled, "sigterm_timeout", DEFAULT_SIGTERM_TIMEOUT)?,
            sigkill_timeout: duration(spelled, "sigkill_timeout", DEFAULT_SIGKILL_TIMEOUT)?,
            drain_timeout: duration(spelled, "drain_timeout", DEFAULT_DRAIN_TIMEOUT)?,
        },
        hide_api_key: spelled.has_flag("hide_api_key"),
        spool: !spelled.has_flag("no_spool"),
        delivery,
        warnings,
    })
}

/// What was run, and how that is reported; and what is odd about it.
pub fn reporting(spelled: &Spelled) -> Result<(Reporting, Option<String>), UsageError> {
    let command = spelled.command_line();
    let warning_codes = spelled.text("warning_codes").map(warning_codes).transpose()?;
    let submit_mode = submit_mode(spelled);
    let odd = (submit_mode == SubmitMode::Warnings && warning_codes.is_none())
        .then(|| "submit mode 'warnings' without --warning_codes: every failure is an error".to_owned());
    let reporting = Reporting {
        name: spelled.text("name").map_or_else(|| default_name(&String::from_utf8_lossy(&command)), str::to_owned),
        command,
        submit_mode,
        warning_codes: warning_codes.unwrap_or_default(),
        priority: spelled.text("priority").map(|word| if word == "low" { Priority::Low } else { Priority::Normal }),
        tags: tags(spelled.text("tags").unwrap_or_default().split(',')),
        notifications: Notifications {
            success: spelled.text("notify_success").unwrap_or_default().to_owned(),
            error: spelled.text("notify_error").unwrap_or_default().to_owned(),
            warning: spelled.text("notify_warning").unwrap_or_default().to_owned(),
        },
        send_metric: spelled.has_flag("send_metric"),
    };
    Ok((reporting, odd))
}

/// Where events go, and what that takes; and what is odd about it.
pub fn delivery(spelled: &Spelled, surroundings: Surroundings<'_>) -> Result<(Delivery, Vec<String>), UsageError> {
    let mut warnings = Vec::new();
    let delivery = Delivery {
        destination: destination(spelled, surroundings, &mut warnings)?,
        timeout: duration(spelled, "delivery_timeout", DEFAULT_DELIVERY_TIMEOUT)?,
        spool_directory: spelled.text("spool_dir").map(str::to_owned),
    };
    Ok((delivery, warnings))
}

/// The site, and the keys. Options come before the environment.
fn destination(
    spelled: &Spelled,
    surroundings: Surroundings<'_>,
    warnings: &mut Vec<String>,
) -> Result<Destination, UsageError> {
    let site = spelled.text("site");
    let (api_key, key_source) = api_key(spelled, surroundings, warnings)?;
    Ok(Destination {
        api: api(site, surroundings)?,
        site_is_in_environment: site.is_none(),
        api_key,
        key_source,
        application_key: first_set(&["DATADOG_APP_KEY", "DD_APP_KEY"], surroundings)
            .map(|(name, key)| secret(name, &key))
            .transpose()?,
    })
}

/// The duration that `option` gives.
fn duration(spelled: &Spelled, option: &str, default: Duration) -> Result<Duration, UsageError> {
    let Some(spelling) = spelled.text(option) else { return Ok(default) };
    seconds::parse(spelling).map_err(|reason| UsageError::invalid(&format!("--{option}"), spelling, reason))
}

fn submit_mode(spelled: &Spelled) -> SubmitMode {
    match spelled.text("submit_mode") {
        Some("warnings") => SubmitMode::Warnings,
        Some("all") => SubmitMode::All,
        _ => SubmitMode::Errors,
    }
}

/// The first of `names` that is set to something.
fn first_set<'a>(names: &[&'a str], surroundings: Surroundings<'_>) -> Option<(&'a str, String)> {
    names
        .iter()
        .find_map(|name| (surroundings.variable)(name).filter(|value| !value.is_empty()).map(|value| (*name, value)))
}

/// The site of `-s`; without it that of `DD_SITE`. An empty `-s` asks for the address in `DATADOG_HOST`.
fn api(option: Option<&str>, surroundings: Surroundings<'_>) -> Result<Api, UsageError> {
    let (source, site) = match option {
        Some("") => ("DATADOG_HOST", first_set(&["DATADOG_HOST"], surroundings).map(|(_, site)| site)),
        Some(site) => ("--site", Some(site.to_owned())),
        None => ("DD_SITE", first_set(&["DD_SITE"], surroundings).map(|(_, site)| site)),
    };
    match site {
        None => Ok(Api::default_site()),
        Some(site) => Api::parse(&site).map_err(|reason| UsageError::invalid(source, shown(&site), &reason)),
    }
}

/// The site as messages show it: without whatever may be a password.
fn shown(site: &str) -> &str {
    site.rsplit_once('@').map_or(site, |(_, server)| server)
}

/// The key of `-k`; without it that of `--api_key_file`, then of `DD_API_KEY`, then of `DATADOG_API_KEY`. An empty `-k`
/// turns those two around, as it does in dogwrap.
///
/// A file that cannot be used is no reason not to run the command: it is said, and events are kept for want of a key.
fn api_key(
    spelled: &Spelled,
    surroundings: Surroundings<'_>,
    warnings: &mut Vec<String>,
) -> Result<(Option<Secret>, KeySource), UsageError> {
    let option = spelled.text("api_key");
    if let Some(key) = option.filter(|key| !key.is_empty()) {
        return Ok((Some(secret("--api_key", key)?), KeySource::Option));
    }
    if let Some(path) = spelled.text("api_key_file") {
        let key = key_of_file(path, (surroundings.key_file)());
        let key = key.map_err(|warning| warnings.push(warning)).ok();
        return Ok((key, KeySource::File(path.to_owned())));
    }
    let mut names = API_KEY_VARIABLES.to_vec();
    if option.is_some() {
        names.reverse();
    }
    match first_set(&names, surroundings) {
        Some((name, key)) => Ok((Some(secret(name, &key)?), KeySource::Environment)),
        None => Ok((None, KeySource::None)),
    }
}

/// The key in the file at `path`, of which blanks and line breaks at the ends do not count.
fn key_of_file(path: &str, content: Option<Result<Vec<u8>, String>>) -> Result<Secret, String> {
    let path = printable(path);
    let content = content
        .unwrap_or_else(|| Err("it is not lent to this program".to_owned()))
        .map_err(|reason| format!("the API key in '{path}' cannot be read, events are kept: {reason}"))?;
    let key = std::str::from_utf8(content.trim_ascii()).ok().and_then(Secret::new);
    key.ok_or_else(|| {
        format!("there is no API key in '{path}', events are kept: it has to hold the key and nothing else")
    })
}

/// Takes a key. The error names where it came from and says nothing of the key itself.
fn secret(source: &str, key: &str) -> Result<Secret, UsageError> {
    Secret::new(key).ok_or_else(|| {
        UsageError::new(
            format!("the key of {source} cannot be sent: it holds a blank, a line break or another character that no key has"),
            "look for a stray blank or newline where the key is set",
        )
    })
}

/// Exit codes separated by commas. One that no command can end with is no error: it never matches.
fn warning_codes(list: &str) -> Result<Vec<i32>, UsageError> {
    let code = |piece: &str| {
        let piece = piece.trim();
        let digits = piece.strip_prefix(['+', '-']).unwrap_or(piece);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            let reason = format!("'{piece}' is not an exit code: codes are whole numbers, separated by commas");
            return Err(UsageError::invalid("--warning_codes", list, &reason));
        }
        Ok(piece.parse().unwrap_or(i32::MAX))
    };
    list.split(',').map(code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_line::options::Program;
    use crate::command_line::{Invocation, parse};

    fn invoke(line: &[&str], variables: &[(&str, &str)]) -> Result<Invocation, UsageError> {
        invoke_with_key_file(line, variables, None)
    }

    fn invoke_with_key_file(
        line: &[&str],
        variables: &[(&str, &str)],
        key_file: Option<Result<Vec<u8>, String>>,
    ) -> Result<Invocation, UsageError> {
        let variable =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let surroundings = Surroundings { variable: &variable, key_file: &|| key_file.clone() };
        parse(
            Program::Wrapper,
            "dogwrap",
            &line.iter().map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>(),
            surroundings,
        )
    }

    fn run(line: &[&str], variables: &[(&str, &str)]) -> Settings {
        match invoke(line, variables) {
            Ok(Invocation::Run(settings)) => *settings,
            other => panic!("{line:?} is not a run: {other:?}"),
        }
    }

    fn key_of(line: &[&str], variables: &[(&str, &str)]) -> Option<String> {
        run(line, variables).delivery.destination.api_key.map(|key| key.reveal().to_owned())
    }

    #[test]
    fn the_key_is_taken_from_the_option_then_from_the_environment() {
        let both = [("DD_API_KEY", "dd"), ("DATADOG_API_KEY", "datadog")];
        assert_eq!(key_of(&["-k", "k", "true"], &both).as_deref(), Some("k"));
        assert_eq!(key_of(&["true"], &both).as_deref(), Some("dd"));
        assert_eq!(key_of(&["-k", "", "true"], &both).as_deref(), Some("datadog"));
        assert_eq!(key_of(&["true"], &both[1..]).as_deref(), Some("datadog"));
        assert_eq!(key_of(&["true"], &[("DD_API_KEY", "")]), None);
    }

    #[test]
    fn a_key_file_comes_after_the_option_and_before_the_environment() {
        let variables = [("DD_API_KEY", "dd")];
        let with = |line: &[&str], content: Result<&[u8], &str>| {
            let content = content.map(<[u8]>::to_vec).map_err(str::to_owned);
            match invoke_with_key_file(line, &variables, Some(content)) {
                Ok(Invocation::Run(settings)) => {
                    (settings.delivery.destination.api_key.map(|key| key.reveal().to_owned()), settings.warnings)
                }
                other => panic!("{line:?} is not a run: {other:?}"),
            }
        };
        let line = ["--api_key_file", "f", "true"];
        assert_eq!(with(&line, Ok(b" key\r\n\n")), (Some("key".to_owned()), vec![]));
        assert_eq!(with(&["-k", "k", "--api_key_file", "f", "true"], Ok(b"key")).0.as_deref(), Some("k"));
        for content in [Ok(&b""[..]), Ok(b"two keys"), Ok(b"\xff"), Err("permission denied")] {
            let (key, warnings) = with(&line, content);
            assert_eq!((key, warnings.len()), (None, 1), "{content:?}");
            assert!(warnings[0].contains("'f'") && !warnings[0].contains("two"), "{warnings:?}");
        }
    }

    #[test]
    fn a_key_that_cannot_be_sent_is_refused_without_showing_it() {
        for key in ["se cret", "secret\n", " secret", "secré", "secret\u{7f}"] {
            let error = invoke(&["-k", key, "true"], &[]).expect_err(key);
            assert!(!format!("{error:?}").contains("sec"), "{error:?}");
        }
    }

    #[test]
    fn the_site_is_taken_from_the_option_then_from_the_environment() {
        let site =
            |line: &[&str], variables: &[(&str, &str)]| run(line, variables).delivery.destination.api.to_string();
        let variables = [("DD_SITE", "datadoghq.eu"), ("DATADOG_HOST", "http://own")];
        assert_eq!(site(&["true"], &[]), "https://api.datadoghq.com");
        assert_eq!(site(&["true"], &variables), "https://api.datadoghq.eu");
        assert_eq!(site(&["-s", "us3", "true"], &variables), "https://api.us3.datadoghq.com");
        assert_eq!(site(&["-s", "", "true"], &variables), "http://own");
        assert!(invoke(&["true"], &[("DD_SITE", "nowhere")]).is_err());
        let error = invoke(&["-s", "http://u:secret@h?x", "true"], &[]).expect_err("a query");
        assert!(!error.message.contains("secret"), "{}", error.message);
    }

    #[test]
    fn a_job_without_a_name_is_called_after_its_command() {
        for (command, name) in [
            ("true", "true"),
            ("/usr/bin/psql -c x", "psql"),
            ("PGUSER=me /usr/bin/psql", "psql"),
            ("A=b", "A=b"),
            (" \t ", "command"),
            ("/", "command"),
        ] {
            assert_eq!(run(&[command], &[]).reporting.name, name, "{command:?}");
        }
        assert_eq!(run(&["-n", "", "true"], &[]).reporting.name, "");
    }

    #[test]
    fn lists_are_separated_by_commas() {
        let settings = run(&["--tags", "a, b ,,c", "--warning_codes", " 2 ,-9,99999999999999999999", "true"], &[]);
        assert_eq!(settings.reporting.tags, ["a", "b", "c"]);
        assert_eq!(settings.reporting.warning_codes, [2, -9, i32::MAX]);
        for codes in ["", "a", "1,", "0x2", "2.0", "2 3", "1_0"] {
            assert!(invoke(&[&format!("--warning_codes={codes}"), "true"], &[]).is_err(), "{codes:?}");
        }
    }

    #[test]
    fn zero_is_no_timeout() {
        assert_eq!(run(&["-t", "0", "true"], &[]).limits.timeout, None);
        assert_eq!(run(&["true"], &[]).limits.timeout, Some(DEFAULT_TIMEOUT));
    }

    #[test]
    fn only_no_command_at_all_is_refused() {
        assert!(invoke(&[], &[]).is_err());
        assert!(invoke(&[""], &[]).is_err());
        assert_eq!(run(&["", ""], &[]).reporting.command, b" ");
    }

    #[test]
    fn the_first_thing_that_ends_the_reading_counts() {
        assert!(matches!(invoke(&["--version", "--bogus"], &[]), Ok(Invocation::Print(_))));
        assert!(matches!(invoke(&["--version", "--n=x"], &[]), Ok(Invocation::Print(_))));
        for line in
            [&["--bogus", "--version"][..], &["--n=x", "--version"], &["-t", "x", "--version"], &["-m", "x", "--help"]]
        {
            assert!(invoke(line, &[]).is_err(), "{line:?}");
        }
    }

    #[test]
    fn any_key_is_for_a_flush_alone_and_a_flush_needs_time() {
        assert!(matches!(invoke(&["--flush", "--any_key"], &[]), Ok(Invocation::Flush { any_key: true, .. })));
        assert!(matches!(invoke(&["--flush"], &[]), Ok(Invocation::Flush { any_key: false, .. })));
        assert!(invoke(&["--any_key", "true"], &[]).is_err());
        assert!(invoke(&["--flush", "--delivery_timeout", "0"], &[]).is_err());
    }

    #[test]
    fn json_is_for_the_listing_alone() {
        let list =
            |directory: Option<&str>, json| Ok(Invocation::Spool { directory: directory.map(str::to_owned), json });
        assert_eq!(invoke(&["--spool", "--json"], &[]), list(None, true));
        assert_eq!(invoke(&["--spool", "--spool_dir", "/d"], &[]), list(Some("/d"), false));
        assert!(invoke(&["--json", "true"], &[]).is_err() && invoke(&["--json", "--flush"], &[]).is_err());
    }

    #[test]
    fn an_option_of_the_command_is_explained() {
        let error = invoke(&["ls", "-l"], &[]).expect_err("-l is none of ours");
        assert_eq!(error.message, "unexpected argument '-l' found");
        assert!(error.hint.contains("put -- before the command"), "{}", error.hint);
        let error = invoke(&["ls", "--apikey=secret"], &[]).expect_err("none of ours");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
        let error = invoke(&["ls", "-b-", "-n", "x"], &[]).expect_err("-- within a cluster is none of ours");
        assert_eq!(error.message, "unexpected argument '--' found");
    }

    #[test]
    fn messages_are_one_line() {
        for line in [
            &["-m", "err"][..],
            &["-t", "1\n2"],
            &["--name"],
            &["--buffer_outs=1"],
            &["-t", "-1"],
            &["-é"],
            &["-s", "a\nb", "true"],
            &["-s", "\u{1b}[2J", "true"],
            &["--warning_codes", "1\n2", "true"],
            &["ls", "--a\nb"],
        ] {
            let error = invoke(line, &[]).expect_err("wrong");
            for text in [&error.message, &error.hint] {
                assert!(!text.is_empty() && !text.contains(char::is_control), "{error:?}");
            }
        }
    }
}
