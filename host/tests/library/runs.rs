//! Runs: what becomes of the command and of its event.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use dogwrap_host::rules::run::Outcome;
use dogwrap_host::rules::settings::SubmitMode;
use dogwrap_host::{Error, Finished, Job, Report, Signal};

use crate::server::{self, Server};
use crate::support::{PATIENCE, Place, Printed, wrapper};

/// Runs `job` to its end.
fn run(job: Job) -> Finished {
    wrapper().start(job).and_then(|run| run.wait()).expect("the job makes sense")
}

#[test]
fn a_success_is_not_reported() {
    let (place, server) = (Place::new(), Server::start());
    let finished = run(place.job("true", &server.url()));
    assert_eq!((finished.outcome, finished.status), (Outcome::Exited(0), 0));
    assert_eq!((finished.report, finished.messages), (Report::NotDue, vec![]));
    assert_eq!(server.events().len() + place.kept().len(), 0);
}

#[test]
fn a_failure_is_reported() {
    let (place, server) = (Place::new(), Server::start());
    let finished = run(place.job("echo out; echo err >&2; exit 3", &server.url()).name("nightly"));
    assert_eq!((finished.outcome, finished.status), (Outcome::Exited(3), 3));
    assert_eq!((finished.report, finished.messages), (Report::Delivered, vec![]));
    let event = server.event();
    assert_eq!((&event["alert_type"], &event["aggregation_key"]), (&"error".into(), &"nightly".into()));
    let text = event["text"].as_str().expect("it is text");
    assert!(text.contains("out") && text.contains("err"), "{text}");
    assert_eq!(server.events().len() + place.kept().len(), 0);
}

#[test]
fn a_command_that_takes_too_long_is_ended() {
    let (place, server) = (Place::new(), Server::start());
    let finished = run(place.job("sleep 1000", &server.url()).timeout(Duration::from_millis(200)));
    assert_eq!((finished.outcome, finished.status), (Outcome::TimedOut, 124));
    assert!(finished.duration >= Duration::from_millis(200), "{:?}", finished.duration);
    assert_eq!(finished.report, Report::Delivered);
    assert_eq!(server.event()["alert_type"], "error");
}

#[test]
fn a_command_that_cannot_be_started_is_reported() {
    let (place, server) = (Place::new(), Server::start());
    let finished = run(place.job("true", &server.url()).directory(place.path("nowhere")));
    assert_eq!((finished.outcome, finished.status), (Outcome::NotStarted { status: 127 }, 127));
    assert_eq!((finished.report, finished.messages.len()), (Report::Delivered, 1));
}

#[test]
fn a_signal_reaches_the_command() {
    let (place, server) = (Place::new(), Server::start());
    let (output, mut printed) = Printed::new();
    let run = wrapper()
        .start(place.job("echo ready; exec sleep 1000", &server.url()).stdout(output))
        .expect("the job makes sense");
    printed.until("ready");
    run.signal(Signal::Terminate);
    let finished = run.wait().expect("there is a result");
    assert_eq!((finished.outcome, finished.status), (Outcome::Signaled(15), 143));
    assert_eq!(finished.report, Report::Delivered);
}

#[test]
fn two_interrupts_kill() {
    let (place, server) = (Place::new(), Server::start());
    let (output, mut printed) = Printed::new();
    let command = "trap '' INT; echo ready; sleep 1000";
    let run = wrapper().start(place.job(command, &server.url()).stdout(output)).expect("the job makes sense");
    printed.until("ready");
    let signaller = run.signaller();
    thread::spawn(move || [Signal::Interrupt, Signal::Interrupt].map(|signal| signaller.send(signal)));
    let finished = run.wait().expect("there is a result");
    assert_eq!((finished.outcome, finished.status), (Outcome::Signaled(9), 137));
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_runs() {
    let place = Place::new();
    let job = |url| place.job(&format!("touch '{}'", place.path("ran").display()), url);
    for job in [job("nowhere"), job("eu").option("timeout", "soon"), job("eu").flag("flush"), job("eu").api_key("a b")]
    {
        let error = wrapper().start(job).err().expect("it makes no sense");
        assert!(matches!(error, Error::Usage(_)), "{error:?}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
    assert!(!place.path("ran").exists() && !place.path("state").exists());
}

#[test]
fn output_reaches_its_writer_before_the_result() {
    let (place, server) = (Place::new(), Server::start());
    let ((stdout, out), (stderr, err)) = (Printed::new(), Printed::new());
    let job = place.job("echo one; echo two >&2; yes | head -c 1000000", &server.url());
    let finished = run(job.stdout(stdout).stderr(stderr));
    assert_eq!(finished.outcome, Outcome::Exited(0));
    let out = out.so_far();
    assert!(out.starts_with("one\ny\n") && out.len() == 1_000_004, "{} bytes", out.len());
    assert_eq!(err.so_far(), "two\n");
}

#[test]
fn a_writer_that_fails_is_no_trouble_for_the_command() {
    let (place, server) = (Place::new(), Server::start());
    let (output, printed) = Printed::new();
    drop(printed);
    let finished = run(place.job("yes | head -c 1000000", &server.url()).stdout(output));
    assert_eq!((finished.outcome, finished.report), (Outcome::Exited(0), Report::NotDue));
    assert!(finished.messages.iter().any(|message| message.contains("standard output")), "{:?}", finished.messages);
}

#[test]
fn a_command_has_its_own_directory_and_variables() {
    let (place, server) = (Place::new(), Server::start());
    let (output, printed) = Printed::new();
    let directory = place.path(".").canonicalize().expect("it is there");
    let job = place.job("pwd; echo $COLOUR; cat", &server.url()).stdout(output);
    run(job.directory(&directory).environment("COLOUR", "green"));
    assert_eq!(printed.so_far(), format!("{}\ngreen\n", directory.display()));
}

#[test]
fn many_runs_at_once_report_one_event_each() {
    const RUNS: usize = 50;
    let (place, server) = (Place::new(), Server::start());
    let gate = place.pipe("gate");
    // None ends before all of them run.
    let start = |index: usize| {
        let (output, printed) = Printed::new();
        let job =
            place.job(&format!("echo started; {}; exit {}", gate.wait(), index + 1), &server.url()).stdout(output);
        let job = job.name(format!("job {index}")).tags([format!("index:{index}")]);
        (wrapper().start(job).expect("the job makes sense"), printed)
    };
    let (runs, printed): (Vec<_>, Vec<_>) = (0..RUNS).map(start).unzip();
    printed.into_iter().for_each(|mut printed| printed.until("started"));
    let _open = gate.open_for(RUNS);
    for (index, run) in runs.into_iter().enumerate() {
        let finished = run.wait().expect("there is a result");
        assert_eq!((finished.outcome, finished.report), (Outcome::Exited(index as u8 + 1), Report::Delivered));
    }
    let events: Vec<_> = (0..RUNS).map(|_| server.event()).collect();
    let seen: BTreeSet<_> =
        events.iter().map(|event| (event["aggregation_key"].to_string(), event["tags"].to_string())).collect();
    let expected: BTreeSet<_> =
        (0..RUNS).map(|index| (format!("\"job {index}\""), format!("[\"index:{index}\"]"))).collect();
    assert_eq!(seen, expected);
    assert_eq!(server.events().len() + place.kept().len(), 0);
}

#[test]
fn an_api_that_does_not_answer_holds_nothing_up_for_long() {
    let place = Place::new();
    let (_listener, url) = server::silent();
    let start = Instant::now();
    let finished = run(place.job("exit 3", &url).delivery_timeout(Duration::from_millis(500)));
    assert_eq!(finished.outcome, Outcome::Exited(3));
    assert!(matches!(finished.report, Report::Kept(_)), "{:?}", finished.report);
    assert_eq!((finished.messages.len(), place.kept().len()), (1, 1), "{:?}", finished.messages);
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

#[test]
fn what_can_neither_be_delivered_nor_kept_is_lost_and_said() {
    let place = Place::new();
    let (_listener, url) = server::silent();
    let finished = run(place.job("exit 3", &url).delivery_timeout(Duration::ZERO).flag("no_spool"));
    assert!(matches!(finished.report, Report::Lost(_)), "{:?}", finished.report);
    assert_eq!(finished.messages.len(), 1, "{:?}", finished.messages);
}

#[test]
fn a_run_of_which_the_handle_is_dropped_goes_on() {
    let (place, server) = (Place::new(), Server::start());
    let gate = place.pipe("gate");
    let job = place.job(&format!("{}; exit 3", gate.wait()), &server.url()).submit_mode(SubmitMode::Errors);
    drop(wrapper().start(job).expect("the job makes sense"));
    gate.open();
    assert_eq!(server.event()["alert_type"], "error");
}

#[test]
fn what_is_left_in_the_background_neither_waits_nor_dies() {
    let (place, server) = (Place::new(), Server::start());
    let (gate, (output, mut printed)) = (place.pipe("gate"), Printed::new());
    let command = format!("({0}; echo first; {0}; echo second) & echo started", gate.wait());
    let job = place.job(&command, &server.url()).stdout(output).option("drain_timeout", "0.05");
    let finished = run(job);
    assert_eq!(finished.outcome, Outcome::Exited(0));
    printed.until("started");
    gate.open();
    printed.until("first");
    // After a line for which nobody but the thread of the run was there, it still writes.
    gate.open();
    printed.until("second");
}

/// Wakes a thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[test]
fn any_executor_can_wait_for_a_run() {
    let (place, server) = (Place::new(), Server::start());
    let job = |status: u8| place.job(&format!("exit {status}"), &server.url());
    let wrapper = wrapper();

    let mut future = pin!(wrapper.run(job(4)));
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let finished = loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(finished) => break finished,
            Poll::Pending => thread::park(),
        }
    };
    assert_eq!(finished.expect("the job makes sense").status, 4);

    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("it can be made");
    let both = async { tokio::join!(wrapper.run(job(5)), wrapper.run(job(6))) };
    let (first, second) = runtime.block_on(both);
    assert_eq!([first, second].map(|finished| finished.expect("the job makes sense").status), [5, 6]);
}
