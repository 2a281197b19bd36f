//! A process group that was told to end: whether anybody is left in it.

use std::fs;
use std::time::Duration;

use nix::sys::signal::killpg;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use tokio::signal::unix::Signal;

/// How often a group is looked at that has lost its leader. The kernel tells of the end of children only, and what was
/// orphaned before the group was told to end is none of ours. It is done only then, and ever less often.
const FIRST_LOOK: Duration = Duration::from_millis(1);
const LAST_LOOK: Duration = Duration::from_millis(100);

/// From now on, what the command leaves behind is our child when its parent ends: so we learn when it ends.
#[cfg(target_os = "linux")]
pub fn adopt_orphans() {
    // Without it the group is looked at from time to time.
    let _ = nix::sys::prctl::set_child_subreaper(true);
}

#[cfg(not(target_os = "linux"))]
pub fn adopt_orphans() {}

/// Waits until nobody is left in `group`, whose leader has ended. `child_signals` tell of the end of children, if they may.
pub async fn ended(group: Pid, mut child_signals: Option<Signal>) {
    let mut pause = FIRST_LOOK;
    while is_alive(group) {
        let told = async {
            match &mut child_signals {
                Some(signals) => signals.recv().await,
                None => std::future::pending().await,
            }
        };
        // Either way the group is looked at again.
        let _ = tokio::time::timeout(pause, told).await;
        pause = (pause * 2).min(LAST_LOOK);
    }
}

/// Whether a living process is in `group`. Those that we adopted are buried first: the dead count until then.
fn is_alive(group: Pid) -> bool {
    while let Ok(status) = waitpid(Pid::from_raw(-group.as_raw()), Some(WaitPidFlag::WNOHANG)) {
        if status == WaitStatus::StillAlive {
            return true;
        }
    }
    killpg(group, None).is_ok() && !all_dead(group)
}

/// Whether everybody in `group` is dead, and only waits for its parent to bury it. In a container whose first process
/// buries nobody, that is for ever. Where this cannot be known, the living are assumed.
fn all_dead(group: Pid) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return false };
    let mut members = processes
        .flatten()
        .filter(|process| process.file_name().as_encoded_bytes().first().is_some_and(u8::is_ascii_digit))
        .filter_map(|process| state_in_group(&fs::read_to_string(process.path().join("stat")).ok()?, group))
        .peekable();
    members.peek().is_some() && members.all(|state| matches!(state, 'Z' | 'X'))
}

/// The state of a process, from the text of its `stat`, if it is in `group` (proc(5)).
fn state_in_group(stat: &str, group: Pid) -> Option<char> {
    // The name, in parentheses, may hold anything, also more of them.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?.chars().next()?;
    let process_group: i32 = fields.nth(1)?.parse().ok()?;
    (process_group == group.as_raw()).then_some(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_read_whatever_the_name() {
        let stat = "7 (a) b (c)) Z 1 42 7 0 -1 4194304";
        assert_eq!(state_in_group(stat, Pid::from_raw(42)), Some('Z'));
        assert_eq!(state_in_group(stat, Pid::from_raw(1)), None);
        assert_eq!(state_in_group("", Pid::from_raw(1)), None);
    }

    #[test]
    fn we_ourselves_are_alive() {
        assert!(!all_dead(nix::unistd::getpgrp()));
    }
}
