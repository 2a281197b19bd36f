//! The rules alone: judges a run that somebody else has supervised, and prints the requests that report it.
//!
//!     cargo run --example rules

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dogwrap_host::rules::capture::Capture;
use dogwrap_host::rules::requests::{HEADERS, METHOD, requests};
use dogwrap_host::rules::run::{Outcome, Run};
use dogwrap_host::rules::settings::{Notifications, Reporting, SubmitMode};
use dogwrap_host::rules::sites::Api;

fn main() {
    let mut stderr = Capture::default();
    stderr.push(b"no space left\n");
    let run = Run {
        outcome: Outcome::Exited(28),
        duration: Some(Duration::from_millis(1500)),
        ended_at: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64(),
        stdout: Capture::default(),
        stderr,
        output_left_open: false,
        unseen: None,
    };
    let reporting = Reporting {
        name: "nightly".to_owned(),
        command: b"backup --all".to_vec(),
        submit_mode: SubmitMode::Errors,
        warning_codes: vec![28],
        priority: None,
        tags: vec!["team:data".to_owned()],
        notifications: Notifications { warning: "@oncall".to_owned(), ..Notifications::default() },
        send_metric: false,
    };
    let api = Api::parse("eu").expect("Datadog has this site");
    // None: such a run is not reported.
    let Some(alert_type) = reporting.judge(&run.outcome) else { return };
    for request in requests(&run, alert_type, &reporting, Some("db1.example.com")) {
        println!("{METHOD} {}", api.url(request.kind.path()));
        HEADERS.iter().for_each(|(name, value)| println!("{name}: {value}"));
        println!("dd-api-key: ...\n\n{}", request.body.get());
    }
}
