//! What the system tells of processes, in `/proc`.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Every live process whose home is `home`: a program that was started with it, and whatever that has started in turn.
pub fn at_home(home: &Path) -> Vec<Pid> {
    let variable = [b"HOME=", home.as_os_str().as_bytes()].concat();
    let lives_there = |process: &Pid| {
        // One that has ended meanwhile, or that is dead and not waited for, has no environment.
        let environment = fs::read(file_of(*process, "environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| entry == variable)
    };
    all().filter(lives_there).collect()
}

/// Ends every process whose home is `home`.
pub fn end_all_at_home(home: &Path) {
    // More may have been started between a look and the end of who started them.
    while let processes @ [_, ..] = at_home(home).as_slice() {
        for process in processes {
            // It may have ended by itself meanwhile.
            let _ = kill(*process, Signal::SIGKILL);
        }
    }
}

fn all() -> impl Iterator<Item = Pid> {
    let entries = fs::read_dir("/proc").expect("the system has /proc");
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).map(Pid::from_raw)
}

fn file_of(process: Pid, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{process}/{name}"))
}

/// A field of what `proc_pid_status(5)` describes; none once the process is gone.
fn status(process: Pid, field: &str) -> Option<String> {
    field_of(&fs::read_to_string(file_of(process, "status")).ok()?, field)
}

fn field_of(status: &str, field: &str) -> Option<String> {
    let value = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    Some(value.trim().to_owned())
}

/// Whether the process exists, be it dead and not waited for.
pub fn exists(process: Pid) -> bool {
    file_of(process, "status").exists()
}

/// Whether the process is stopped, as by Ctrl-Z.
pub fn is_stopped(process: Pid) -> bool {
    status(process, "State").is_some_and(|state| state.starts_with('T'))
}

/// The largest resident set that the process has had, in bytes.
pub fn peak_memory(process: Pid) -> u64 {
    let peak = status(process, "VmHWM").expect("the process is alive");
    let kibibytes: u64 = peak.strip_suffix(" kB").and_then(|number| number.parse().ok()).expect("it is in kB");
    kibibytes * 1024
}

/// How often the threads of the process have given up a processor: what sleeps does not, and what runs does.
pub fn switches(process: Pid) -> u64 {
    let threads = fs::read_dir(file_of(process, "task")).expect("the process is alive");
    let switches_of = |status: String| -> Option<u64> {
        let number = |field| field_of(&status, field)?.parse::<u64>().ok();
        Some(number("voluntary_ctxt_switches")? + number("nonvoluntary_ctxt_switches")?)
    };
    threads.flatten().filter_map(|thread| switches_of(fs::read_to_string(thread.path().join("status")).ok()?)).sum()
}

/// What the process has open. The path of a file that has none any more ends with ` (deleted)`.
pub fn open_files(process: Pid) -> Vec<PathBuf> {
    let descriptors = fs::read_dir(file_of(process, "fd")).expect("the process is alive");
    descriptors.flatten().filter_map(|descriptor| fs::read_link(descriptor.path()).ok()).collect()
}
