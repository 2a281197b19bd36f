//! Waiting for a command: we sleep until something happens.

use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::processes::switches;
use crate::support::Ending;
use crate::watched::{Job, eventually};

/// How long it is watched whether we sleep.
const WHILE: Duration = Duration::from_secs(2);

/// Whether the process sleeps by now: it has not run for a moment.
fn has_calmed_down(process: Pid) -> Option<()> {
    let before = switches(process);
    thread::sleep(Duration::from_millis(100));
    (switches(process) == before).then_some(())
}

#[test]
fn we_sleep_while_the_command_runs() {
    let mut run = Job::new("echo ready; read line <gate; exit 3").start();
    run.stdout.wait_for("ready");
    eventually("a pause", || has_calmed_down(run.pid()));
    let before = switches(run.pid());
    thread::sleep(WHILE);
    assert_eq!(switches(run.pid()) - before, 0, "it ran although nothing had happened");
    run.gate.open();
    assert_eq!(run.ending(), Ending::Exited(3));
}

#[test]
fn we_sleep_while_nobody_reads_what_the_command_prints() {
    let mut run = Job::new("echo $PPID >wrapper; exec yes").started_by(r#""$@" | { read line <gate; }"#).start();
    let wrapper = run.process("wrapper");
    eventually("a pause", || has_calmed_down(wrapper));
    let before = switches(wrapper);
    thread::sleep(WHILE);
    assert_eq!(switches(wrapper) - before, 0, "it ran although nobody reads");
    kill(wrapper, Signal::SIGTERM).expect("it runs");
    run.event();
    run.gate.open();
    run.ending();
}
