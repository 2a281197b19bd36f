//! How often a run touches memory that it does not have yet: the wrapper alone, without what it waited for.

use std::fs;

use nix::sys::ptrace;
use nix::sys::wait::{Id, WaitPidFlag, waitid, waitpid};
use nix::unistd::Pid;

use super::runs::Prepared;
use super::tracing::{await_start, trace};

/// Which of the fields after the name of the program it is in `proc_pid_stat(5)`: `minflt`.
const FIELD: usize = 7;

/// The page faults of one run that no disk was read for.
pub fn count(prepared: &Prepared) -> u64 {
    let mut command = prepared.command(&[]);
    trace(&mut command);
    prepared.count(&mut command, |wrapper| {
        await_start(wrapper);
        // Until here it was a copy of this process.
        let before = faults_of(wrapper);
        ptrace::detach(wrapper, None).expect("what has stopped can go on");
        // What it has used can be read as long as it is not waited for.
        waitid(Id::Pid(wrapper), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT).expect("a child can be waited for");
        let faults = faults_of(wrapper) - before;
        (waitpid(wrapper, None).expect("a child can be waited for"), faults)
    })
}

fn faults_of(process: Pid) -> u64 {
    let status =
        fs::read_to_string(format!("/proc/{process}/stat")).expect("a process that is not waited for is there");
    let (_, fields) = status.rsplit_once(") ").expect("the program's name is in parentheses");
    fields.split(' ').nth(FIELD).and_then(|faults| faults.parse().ok()).expect("there are as many fields")
}
