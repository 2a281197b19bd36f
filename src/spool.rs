//! The spool's rules: what its files are called, and how much of it is held.

use std::time::Duration;

/// Where in the state directory requests wait.
pub const WAITING: &str = "spool";

/// Whoever holds the lock on this file, and can, delivers what waits.
pub const LOCK: &str = "delivery.lock";

/// Where those are that the API will never take.
pub const SET_ASIDE: &str = "set_aside";

/// Where the records of runs are that go on.
pub const RUNNING: &str = "running";

/// What the name of a file ends with until it is whole.
pub const UNFINISHED: &str = ".unfinished";

/// The most files that wait, or that are set aside.
pub const MAXIMUM_NUMBER: usize = 1000;

/// The most that they may take on the disk together, in bytes.
pub const MAXIMUM_BYTES: u64 = 16 * 1024 * 1024;

/// How long one waits at most.
pub const MAXIMUM_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How names of files in the state directory end.
pub const EXTENSION: &str = ".json";

/// How many characters of a name are the time.
pub const TIME_LENGTH: usize = 13;

/// The last time that a name can hold, in milliseconds since 1970: in the year 2286.
const LAST_TIME: u64 = 10_u64.pow(TIME_LENGTH as u32) - 1;

/// The name of a file about something that happened at `milliseconds` since 1970. Names sort by time, and for one
/// `identity` by `index`. A time that no name can hold, as of a wrong clock, is the last that one can.
pub fn file_name(milliseconds: u64, identity: u64, index: usize) -> String {
    let milliseconds = milliseconds.min(LAST_TIME);
    format!("{milliseconds:0TIME_LENGTH$}-{identity:016x}-{index}{EXTENSION}")
}

/// The identity in the name of a file; none for any other name.
pub fn identity_of(name: &str) -> Option<u64> {
    time_of(name)?;
    u64::from_str_radix(name.split('-').nth(1)?, 16).ok()
}

/// When what the file of this name is about happened, in milliseconds since 1970; none for any other name.
pub fn time_of(name: &str) -> Option<u64> {
    let (time, rest) = name.split_once('-')?;
    let is_time = time.len() == TIME_LENGTH && time.bytes().all(|byte| byte.is_ascii_digit());
    (is_time && rest.ends_with(EXTENSION)).then(|| time.parse().ok())?
}

/// Who sends something that waits. Its file is renamed for that time: so nobody else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimant {
    /// Whoever holds the lock on [`LOCK`]: gone when somebody else holds it.
    LockHolder,
    /// Somebody who cannot lock files. Gone at this time, in milliseconds since 1970.
    Until(u64),
}

/// What the name of a file ends with that a lock holder sends.
const OF_LOCK_HOLDER: &str = "locked";

/// What the file `name` is called while it is sent.
pub fn claimed(name: &str, claimant: Claimant) -> String {
    match claimant {
        Claimant::LockHolder => format!("{name}.{OF_LOCK_HOLDER}"),
        Claimant::Until(milliseconds) => format!("{name}.{milliseconds}"),
    }
}

/// The name without the claim, and the claimant, of a file that is being sent; none for any other name.
pub fn claim_of(name: &str) -> Option<(&str, Claimant)> {
    let (name, claimant) = name.rsplit_once('.')?;
    time_of(name)?;
    let claimant = match claimant {
        OF_LOCK_HOLDER => Claimant::LockHolder,
        milliseconds => Claimant::Until(milliseconds.parse().ok()?),
    };
    Some((name, claimant))
}

impl Claimant {
    /// Whether nobody is there any more who could send it, as far as somebody knows who `holds_lock` or not.
    pub fn is_gone(self, holds_lock: bool, now: u64) -> bool {
        match self {
            Self::LockHolder => holds_lock,
            Self::Until(milliseconds) => now >= milliseconds,
        }
    }
}

/// A file of the spool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub name: String,
    pub bytes: u64,
}

/// Which of `stored`, sorted by name, is more than the spool holds, and why: the oldest first.
pub fn excess(stored: &[Stored], now: u64) -> Vec<(&Stored, &'static str)> {
    let mut number = stored.len();
    let mut bytes: u64 = stored.iter().map(|file| file.bytes).sum();
    let maximum_age = u64::try_from(MAXIMUM_AGE.as_millis()).unwrap_or(u64::MAX);
    let mut excess = Vec::new();
    for file in stored {
        let age = now.saturating_sub(time_of(&file.name).unwrap_or(now));
        let reason = if age > maximum_age {
            "it has waited for 30 days"
        } else if number > MAXIMUM_NUMBER {
            "more than 1000 wait"
        } else if bytes > MAXIMUM_BYTES {
            "more than 16 MiB wait"
        } else {
            break;
        };
        number -= 1;
        bytes -= file.bytes;
        excess.push((file, reason));
    }
    excess
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60 * 60 * 1000;

    fn stored(times: impl IntoIterator<Item = u64>, bytes: u64) -> Vec<Stored> {
        times.into_iter().map(|time| Stored { name: file_name(time, 1, 0), bytes }).collect()
    }

    #[test]
    fn names_hold_the_time_and_sort_by_it() {
        let names = [file_name(5, u64::MAX, 0), file_name(1_795_376_346_000, 0, 0), file_name(1_795_376_346_000, 0, 1)];
        assert!(names.is_sorted());
        assert_eq!(time_of(&names[1]), Some(1_795_376_346_000));
        assert_eq!(time_of(&file_name(u64::MAX, 0, 0)), Some(LAST_TIME));
        for other in ["notes.txt", "0.json", "0000000000005-x.unfinished", "000000000000x-0.json", ""] {
            assert_eq!(time_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_claim_ends_with_its_claimant() {
        let name = file_name(1_795_376_346_000, 7, 0);
        for claimant in [Claimant::LockHolder, Claimant::Until(1_795_376_400_000)] {
            assert_eq!(claim_of(&claimed(&name, claimant)), Some((name.as_str(), claimant)));
        }
        for other in [name.as_str(), &format!("{name}.x"), "notes.txt.5", ""] {
            assert_eq!(claim_of(other), None, "{other}");
        }
        assert!(Claimant::LockHolder.is_gone(true, 0) && !Claimant::LockHolder.is_gone(false, u64::MAX));
        assert!(!Claimant::Until(5).is_gone(true, 4) && Claimant::Until(5).is_gone(false, 5));
    }

    #[test]
    fn what_is_within_the_limits_stays() {
        assert!(excess(&stored(0..1000, 16 * 1024), DAY).is_empty());
        assert!(excess(&[], DAY).is_empty());
    }

    #[test]
    fn the_oldest_fall_out_first() {
        let too_many = stored(0..1002, 1);
        let names: Vec<_> = excess(&too_many, DAY).into_iter().map(|(file, _)| time_of(&file.name)).collect();
        assert_eq!(names, [Some(0), Some(1)]);
        assert_eq!(excess(&stored(0..3, 8 * 1024 * 1024), DAY).len(), 1);
        assert_eq!(excess(&stored([0, DAY], 1), 30 * DAY + 1).len(), 1);
    }
}
