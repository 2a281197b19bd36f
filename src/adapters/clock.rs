//! The time of day, and chance.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wasi::random::random::{get_random_bytes, get_random_u64};

use crate::destination::Salt;

/// Since 1970.
pub fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// `time` in milliseconds, as names of files have it.
pub fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A number that nobody else has.
pub fn random() -> u64 {
    get_random_u64()
}

/// What makes the hashes of one key differ.
pub fn salt() -> Salt {
    let mut salt = Salt::default();
    let bytes = get_random_bytes(salt.len() as u64);
    salt.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
    salt
}
