//! The spool's rules: what its files are called, and how much of it is held.

use std::time::Duration;

/// Where in the state directory requests wait.
pub const WAITING: &str = "spool";

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
