//! The process of the embedding program: a run changes nothing of it, and is not disturbed by what else goes on there.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use dogwrap_host::rules::run::Outcome;
use dogwrap_host::{Report, Signal};
use nix::sys::signal::Signal as Number;
use nix::sys::signal::raise;
use tokio::signal::unix::{SignalKind, signal};

use crate::server::{self, Server};
use crate::support::{PATIENCE, Place, Printed, wrapper};

/// What stands in the status of this process, which Linux shows.
fn status(field: &str) -> String {
    let status = fs::read_to_string("/proc/self/status").expect("the system is Linux");
    let line =
        status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':')).expect("there is such a field");
    line.trim().to_owned()
}

/// Whether this process handles `signal`.
fn handles(signal: Number) -> bool {
    let handled = u64::from_str_radix(&status("SigCgt"), 16).expect("it is a number");
    handled & (1 << (signal as i32 - 1)) != 0
}

/// Runs a command that is told to end, and leaves somebody behind: the run that asks most of its process.
fn run_with_everything(place: &Place, url: &str) {
    let (output, mut printed) = Printed::new();
    let gate = place.pipe("gate");
    let command = format!("({}) & echo ready; exec sleep 1000", gate.wait());
    let run = wrapper().start(place.job(&command, url).stdout(output)).expect("the job makes sense");
    printed.until("ready");
    run.signal(Signal::Terminate);
    assert_eq!(run.wait().expect("there is a result").outcome, Outcome::Signaled(15));
}

#[test]
fn signals_umask_and_orphans_are_left_alone() {
    let (place, server) = (Place::new(), Server::start());
    let umask = status("Umask");
    run_with_everything(&place, &server.url());
    assert_eq!(status("Umask"), umask);
    // The one that a test handles itself is not among them.
    use Number::{SIGCHLD, SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTSTP, SIGTTOU, SIGUSR1, SIGUSR2};
    for signal in [SIGCHLD, SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTSTP, SIGTTOU, SIGUSR1, SIGUSR2] {
        assert!(!handles(signal), "{signal}");
    }
    assert_eq!(nix::sys::prctl::get_child_subreaper(), Ok(false));
}

#[test]
fn a_handler_of_ones_own_stays_in_place() {
    let (place, server) = (Place::new(), Server::start());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("it can be made");
    let _within = runtime.enter();
    let mut terminations = signal(SignalKind::terminate()).expect("it can be handled");
    let (gate, (output, mut printed)) = (place.pipe("gate"), Printed::new());
    let command = format!("echo ready; {}", gate.wait());
    let run = wrapper().start(place.job(&command, &server.url()).stdout(output)).expect("the job makes sense");
    printed.until("ready");
    raise(Number::SIGTERM).expect("it can be sent");
    let received = runtime.block_on(async { tokio::time::timeout(PATIENCE, terminations.recv()).await });
    assert_eq!(received, Ok(Some(())));
    // It was not for the command.
    gate.open();
    let finished = runtime.block_on(run).expect("there is a result");
    assert_eq!((finished.outcome, finished.report), (Outcome::Exited(0), Report::NotDue));
}

#[test]
fn ones_own_children_can_be_waited_for() {
    let (place, server) = (Place::new(), Server::start());
    let gate = place.pipe("of the child");
    let mut child =
        Command::new("/bin/sh").args(["-c", &format!("{}; exit 9", gate.wait())]).spawn().expect("it starts");
    let mut ended = Command::new("/bin/sh").args(["-c", "exit 8"]).spawn().expect("it starts");
    run_with_everything(&place, &server.url());
    gate.open();
    assert_eq!(ended.wait().expect("nobody has waited for it").code(), Some(8));
    assert_eq!(child.wait().expect("nobody has waited for it").code(), Some(9));
}

/// Set in the process that a test starts of itself.
const WITHIN: &str = "DOGWRAP_TEST_WITHIN";

#[test]
fn nothing_is_written_where_nobody_has_asked_for_it() {
    if std::env::var_os(WITHIN).is_some() {
        let place = Place::new();
        let (_listener, url) = server::silent();
        let job = place.job("echo seen; echo seen >&2; exit 3", &url).delivery_timeout(Duration::ZERO);
        let finished = wrapper().start(job).and_then(|run| run.wait()).expect("the job makes sense");
        assert_eq!(finished.messages.len(), 1, "{:?}", finished.messages);
        drop(place);
        // Before the harness says anything of its own.
        std::process::exit(42);
    }
    let this = std::env::current_exe().expect("it has a path");
    let name = "process::nothing_is_written_where_nobody_has_asked_for_it";
    let mut command = Command::new(this);
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]).env(WITHIN, "1").stdin(Stdio::null());
    let output = command.output().expect("it starts");
    let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("it is text"));
    assert_eq!((output.status.code(), stderr.as_str()), (Some(42), ""));
    assert!(stdout.contains("running 1 test") && !stdout.contains("seen") && !stdout.contains("event"), "{stdout}");
}

#[test]
fn a_program_that_computes_is_no_reason_to_stop_a_run() {
    let (place, server) = (Place::new(), Server::start());
    let is_over = Arc::new(AtomicBool::new(false));
    let computing: Vec<_> = (0..2)
        .map(|_| {
            let is_over = Arc::clone(&is_over);
            thread::spawn(move || while !is_over.load(Ordering::Relaxed) {})
        })
        .collect();
    // Two threads use up the component's time several times over while it has something to do now and then.
    let command = "for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.5; done; exit 3";
    let finished = wrapper().start(place.job(command, &server.url())).and_then(|run| run.wait());
    is_over.store(true, Ordering::Relaxed);
    computing.into_iter().for_each(|thread| thread.join().expect("it does not panic"));
    let finished = finished.expect("the job makes sense");
    assert_eq!((finished.outcome, finished.report), (Outcome::Exited(3), Report::Delivered));
    assert_eq!(finished.messages, Vec::<String>::new());
}
