//! What is kept of a run whose component has failed: its name, its command, how it ended and how long it took. It was
//! not for the host to look at what the command printed.

use std::fs::File;
use std::io::Read;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dogwrap::capture::Capture;
use dogwrap::destination::{Recipient, Salt};
use dogwrap::host_name::{self, Sources};
use dogwrap::kept::Kept;
use dogwrap::requests::requests;
use dogwrap::run::{Outcome, Run};
use dogwrap::settings::Settings;
use dogwrap::spool::{WAITING, file_name, identity_of};

use crate::component::Host;
use crate::messages::Fate;
use crate::{machine, words};

/// Keeps the event of a run that ended with `outcome`, if it is one to be reported and is not reported yet. `was_over`:
/// the component has failed only after the command had ended. Returns what has become of the report.
///
/// The error is why it is not kept, in words for people.
pub async fn keep(
    host: &mut Host,
    settings: &Settings,
    outcome: Outcome,
    reason: &str,
    was_over: bool,
) -> Result<Fate, String> {
    let command = host.processes.command();
    let ended_at = command.as_ref().and_then(|command| command.ended_at()).unwrap_or_else(SystemTime::now);
    let run = Run {
        outcome,
        duration: Some(command.map(|command| command.running()).unwrap_or_default()),
        ended_at: since_1970(ended_at).as_secs_f64(),
        stdout: Capture::default(),
        stderr: Capture::default(),
        output_left_open: false,
        unseen: Some(format!("dogwrap's component failed: {reason}")),
    };
    let record = host.state.as_ref().ok().and_then(|state| state.own_record());
    if record.as_ref().is_some_and(|(_, record)| record.end.is_some()) {
        // The component has come to the report: what of it was not delivered, the next run delivers from the record.
        return Ok(Fate::Kept(format!("the component failed: {reason}")));
    }
    if record.is_none() && was_over && host.client.accepted() > 0 {
        return Ok(Fate::Delivered);
    }
    let Some(alert_type) = settings.reporting.judge(&run.outcome) else {
        if let (Ok(state), Some((name, _))) = (&host.state, &record) {
            state.remove_record(name);
        }
        return Ok(Fate::NotDue);
    };
    if !settings.spool {
        return Err("--no_spool keeps nothing".to_owned());
    }
    let state = host.state.as_ref().map_err(String::clone)?;
    let machine = name_of_machine().await;
    let (salt, chance) = random().map_err(|error| words::of(&error))?;
    let identity = record.as_ref().and_then(|(name, _)| identity_of(name)).unwrap_or(chance);
    for (index, request) in requests(&run, alert_type, &settings.reporting, machine.as_deref()).into_iter().enumerate()
    {
        let recipient = Recipient::of(&settings.delivery.destination, salt);
        let now = since_1970(SystemTime::now()).as_secs();
        let kept = Kept::new(recipient, &settings.reporting.name, run.ended_at, request, now)
            .untried(&format!("the component failed: {reason}"));
        let name = file_name((run.ended_at * 1000.0) as u64, identity, index);
        state.write(WAITING, &name, &kept.to_file()).map_err(|error| words::of(&error))?;
    }
    if let Some((name, _)) = &record {
        state.remove_record(name);
    }
    host.say("its result is kept: the next run delivers it, or 'dogwrap --flush'");
    Ok(Fate::Kept(format!("the component failed: {reason}")))
}

fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The name of the machine, by the rules.
async fn name_of_machine() -> Option<String> {
    let environment = std::env::var("DD_HOSTNAME").ok();
    let sources = machine::name_sources().await;
    host_name::host_name(&Sources {
        environment: environment.as_deref(),
        datadog_conf: sources.datadog_conf.as_deref(),
        datadog_yaml: sources.datadog_yaml.as_deref(),
        canonical_name: sources.canonical_name.as_deref(),
        host_name: sources.host_name.as_deref(),
    })
}

/// What makes the hash of a key differ from others, and a number that nobody else has.
fn random() -> std::io::Result<(Salt, u64)> {
    let (mut salt, mut number) = (Salt::default(), [0; 8]);
    let mut source = File::open("/dev/urandom")?;
    source.read_exact(&mut salt)?;
    source.read_exact(&mut number)?;
    Ok((salt, u64::from_ne_bytes(number)))
}
