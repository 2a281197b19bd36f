//! Points in time as people read them.

use std::time::{Duration, UNIX_EPOCH};

/// The last second that RFC 3339 can write: its years have four digits.
const LAST: u64 = 253_402_300_799;

/// `seconds` since 1970 as RFC 3339 has it, in UTC. A time that it cannot write is the last that it can.
pub fn rfc3339(seconds: u64) -> String {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds.min(LAST))).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_utc() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(1_795_376_346), "2026-11-22T19:39:06Z");
        assert_eq!(rfc3339(u64::MAX), "9999-12-31T23:59:59Z");
    }
}
