//! How many instructions a run takes, all threads of the wrapper together, without the kernel's and the command's.
//!
//! Valgrind's simulated processor counts them, so that neither what else the machine does nor what it is built from matters,
//! apart from the variants of functions that libraries choose by what a processor can do.

use std::ffi::OsString;
use std::fs;
use std::process::{Command, Stdio};

use nix::sys::wait::waitpid;

use super::runs::Prepared;

const VALGRIND: &str = "valgrind";

/// Where it says what it has counted, in the directory where the wrapper runs.
const LOG: &str = "valgrind.log";

/// Whether instructions can be counted on this machine.
pub fn countable() -> bool {
    Command::new(VALGRIND).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// The instructions of one run.
pub fn count(prepared: &Prepared) -> u64 {
    let tool = [VALGRIND, "--tool=callgrind", "--callgrind-out-file=/dev/null", &format!("--log-file={LOG}")];
    let mut command = prepared.command(&tool.map(OsString::from));
    prepared.count(&mut command, |valgrind| (waitpid(valgrind, None).expect("a child can be waited for"), 0));
    let log = fs::read_to_string(prepared.path(LOG)).expect("valgrind has written its log");
    let collected = log.lines().rev().find_map(|line| line.split_once("Collected : ")).map(|(_, count)| count.trim());
    collected.and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("valgrind has counted nothing: {log}"))
}
