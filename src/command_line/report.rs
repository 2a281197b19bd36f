//! From options and environment to what the reporter is told of a command that has been run.
//!
//! That command has ended: what makes no sense here costs its event. So only what cannot do without is refused.

use std::time::Duration;

use super::spelling::Spelled;
use super::{Surroundings, UsageError, ending, resolve};
use crate::run::Outcome;
use crate::seconds;
use crate::settings::{Delivery, Reporting};

/// Where something is that the command printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// On our standard input.
    StandardInput,
    /// In the file at this path.
    File(String),
}

/// Everything that the reporter is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What was run, and how that is reported. The command may be empty.
    pub reporting: Reporting,
    pub outcome: Outcome,
    /// How long the command took.
    pub duration: Option<Duration>,
    /// When it started, since 1970.
    pub started_at: Option<Duration>,
    pub stdout: Option<Output>,
    pub stderr: Option<Output>,
    /// The name of the machine that it ran on.
    pub host: Option<String>,
    /// Whether what cannot be delivered is kept.
    pub spool: bool,
    pub delivery: Delivery,
    /// What is odd about the invocation, but no reason to refuse it: for stderr, one line each.
    pub warnings: Vec<String>,
}

impl Told {
    /// How long the command took if it has ended `now`, which is since 1970. None when nobody said, or when its start is
    /// still to come.
    pub fn duration(&self, now: Duration) -> Option<Duration> {
        self.duration.or_else(|| now.checked_sub(self.started_at?))
    }
}

/// Reads what the reporter is told.
pub fn told(spelled: &Spelled, surroundings: Surroundings<'_>) -> Result<Told, UsageError> {
    if spelled.command_line().is_empty() && spelled.text("name").is_none_or(str::is_empty) {
        return Err(UsageError::new("neither a command nor the name of a job is given", "name the job with -n NAME"));
    }
    let outcome = outcome(spelled)?;
    let (reporting, odd) = resolve::reporting(spelled)?;
    let (delivery, mut warnings) = resolve::delivery(spelled, surroundings)?;
    warnings.extend(odd);
    let (duration, started_at) =
        (read(spelled, "duration", seconds::parse)?, read(spelled, "started_at", seconds::parse)?);
    if reporting.send_metric && duration.is_none() && started_at.is_none() {
        warnings.push("--send_metric without --duration or --started_at: no metric is sent".to_owned());
    }
    let output = |option| {
        spelled.text(option).map(|path| match path {
            "-" => Output::StandardInput,
            path => Output::File(path.to_owned()),
        })
    };
    let (stdout, stderr) = (output("stdout"), output("stderr"));
    if stdout == Some(Output::StandardInput) && stdout == stderr {
        return Err(UsageError::new(
            "standard input can be only one of --stdout and --stderr",
            "give one of them a file",
        ));
    }
    Ok(Told {
        reporting,
        outcome,
        duration,
        started_at,
        stdout,
        stderr,
        host: spelled.text("host").map(str::to_owned),
        spool: !spelled.has_flag("no_spool"),
        delivery,
        warnings,
    })
}

/// How the command ended. What tells more comes first: who gives a signal or a timeout may give a status in any case.
fn outcome(spelled: &Spelled) -> Result<Outcome, UsageError> {
    let exit_code = read(spelled, "exit_code", ending::exit_code)?;
    let signal = read(spelled, "signal", ending::signal)?.flatten();
    let timed_out = spelled.has_flag("timed_out").then_some(Outcome::TimedOut);
    timed_out.or(signal.map(Outcome::Signaled)).or(exit_code).ok_or_else(|| {
        UsageError::new("how the command ended is not said", "give --exit_code $?, --signal NUMBER or --timed_out")
    })
}

/// What `parse` makes of the value of `option`.
fn read<T>(
    spelled: &Spelled,
    option: &str,
    parse: impl Fn(&str) -> Result<T, &'static str>,
) -> Result<Option<T>, UsageError> {
    let parse =
        |spelling| parse(spelling).map_err(|reason| UsageError::invalid(&format!("--{option}"), spelling, reason));
    spelled.text(option).map(parse).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_line::options::Program;
    use crate::command_line::{Invocation, parse};

    fn invoke(line: &[&str]) -> Result<Invocation, UsageError> {
        let line: Vec<_> = line.iter().map(|word| word.as_bytes().to_vec()).collect();
        parse(Program::Reporter, "report", &line, Surroundings { variable: &|_| None, key_file: &|| None })
    }

    fn told(line: &[&str]) -> Told {
        match invoke(line) {
            Ok(Invocation::Report(told)) => *told,
            other => panic!("{line:?} is no report: {other:?}"),
        }
    }

    #[test]
    fn what_tells_more_of_the_end_counts() {
        for (line, outcome) in [
            (&["--exit_code", "3"][..], Outcome::Exited(3)),
            (&["--exit_code=-15"], Outcome::Signaled(15)),
            (&["--exit_code", "-15"], Outcome::Signaled(15)),
            (&["--exit_code", "137"], Outcome::Exited(137)),
            (&["--signal", "9"], Outcome::Signaled(9)),
            (&["--exit_code", "0", "--signal", "9"], Outcome::Signaled(9)),
            (&["--exit_code", "2", "--signal", "0"], Outcome::Exited(2)),
            (&["--timed_out", "--signal", "15"], Outcome::TimedOut),
        ] {
            let line: Vec<_> = ["-n", "job"].iter().chain(line).copied().collect();
            assert_eq!(told(&line).outcome, outcome, "{line:?}");
        }
    }

    #[test]
    fn what_cannot_do_without_is_asked_for() {
        for (line, said) in [
            (&["-n", "job"][..], "how the command ended"),
            (&["-n", "job", "--signal", "0"], "how the command ended"),
            (&["--exit_code", "0"], "neither a command nor the name"),
            (&["--exit_code", "0", "-n", ""], "neither a command nor the name"),
            (&["-n", "job", "--exit_code", "300"], "'300'"),
            (&["-n", "job", "--exit_code", ""], "''"),
            (&["-n", "job", "--exit_code", "0", "--stdout", "-", "--stderr", "-"], "standard input"),
            (&["-n", "job", "--exit_code", "0", "--duration", "-1"], "'-1'"),
        ] {
            let error = invoke(line).expect_err(said);
            assert!(error.message.contains(said), "{line:?}: {}", error.message);
        }
        assert_eq!(told(&["--exit_code", "0", "/usr/bin/backup", "--", "--all"]).reporting.name, "backup");
    }

    #[test]
    fn a_duration_that_nobody_said_is_not_known() {
        let duration = |line: &[&str]| {
            let line: Vec<_> = ["-n", "job", "--exit_code", "0"].iter().chain(line).copied().collect();
            told(&line).duration(Duration::from_secs(100))
        };
        assert_eq!(duration(&[]), None);
        assert_eq!(duration(&["--duration", "2.5", "--started_at", "7"]), Some(Duration::from_millis(2500)));
        assert_eq!(duration(&["--started_at", "93"]), Some(Duration::from_secs(7)));
        assert_eq!(duration(&["--started_at", "101"]), None);
        let metric = told(&["-n", "job", "--exit_code", "0", "--send_metric"]);
        assert!(metric.warnings[0].contains("no metric is sent"), "{:?}", metric.warnings);
    }
}
