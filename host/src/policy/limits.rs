//! How much of everything the component gets.

use std::time::Duration;

use dogwrap::spool::{MAXIMUM_BYTES, MAXIMUM_NUMBER};

/// The most memory, in bytes, all of its memories together.
pub const MEMORY: usize = 64 * 1024 * 1024;

/// How long it may compute, in processor time, until it waits for something or passes on some of the command's output. It
/// is measured in steps of a quarter of it.
pub const COMPUTING_TIME: Duration = Duration::from_secs(2);

/// How many things of the host it may hold at once: streams, what it waits for, files, requests. What has come of a
/// request is held to the end of a flush.
pub const HANDLES: usize = 5 * MAXIMUM_NUMBER;

/// The largest head of a request or an answer, in bytes. Each may hold as much memory of the host.
pub const HEADERS: usize = 16 * 1024;

/// How many commands it may start.
pub const COMMANDS: usize = 1;

/// How many requests it may send: everything that can wait, and enough of its own for an hour of attempts.
pub const REQUESTS: usize = 2 * MAXIMUM_NUMBER;

/// The largest body of a request, in bytes. An event has at most about 20 KB.
pub const REQUEST: usize = 1024 * 1024;

/// How much of an answer's body it gets, in bytes. The API's are far shorter.
pub const ANSWER: usize = 64 * 1024;

/// The longest that an exchange may take, whatever it asks for.
pub const EXCHANGE_TIME: Duration = Duration::from_secs(60);

/// The longest that it may wait for a lock.
pub const LOCK_TIME: Duration = Duration::from_secs(600);

/// How much it may write to standard output and standard error besides what the command has printed, in bytes: warnings
/// and help.
pub const OWN_WORDS: u64 = 1024 * 1024;

/// The same when it is asked to list what is kept.
pub const LIST: u64 = MAXIMUM_BYTES;

/// How long it may leave unread what the command prints while nobody is slow to take it.
pub const UNREAD_TIME: Duration = Duration::from_secs(30);

/// How much longer than it is told to it may take when the command has ended, or somebody asks it to end.
pub const TIME_TO_FINISH: Duration = Duration::from_secs(30);

/// How long it may take until it has started the command.
pub const TIME_TO_START: Duration = Duration::from_secs(30);

/// How long an exchange may take for which the component wants `time`, if it wants anything.
pub fn exchange_time(time: Option<Duration>) -> Duration {
    time.map_or(EXCHANGE_TIME, |time| time.min(EXCHANGE_TIME))
}

/// How long a lock is waited for that the component wants to wait `time` for.
pub fn lock_time(time: Duration) -> Duration {
    time.min(LOCK_TIME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_clamped() {
        let second = Duration::from_secs(1);
        assert_eq!(
            [None, Some(Duration::MAX), Some(second)].map(exchange_time),
            [EXCHANGE_TIME, EXCHANGE_TIME, second]
        );
        assert_eq!([Duration::MAX, second].map(lock_time), [LOCK_TIME, second]);
    }
}
