//! What identifies a run in the names of its files.

use super::clock;
use crate::spool;

/// The identity of a run: a number that no other has.
#[derive(Clone, Copy)]
pub struct Identity(pub u64);

impl Identity {
    pub fn new() -> Self {
        Self(clock::random())
    }

    /// The name of the file for the request at `index` about what happened at `happened_at`, in seconds since 1970. It is
    /// the same whoever keeps it: what is kept twice is kept once.
    pub fn file_name(self, happened_at: f64, index: usize) -> String {
        spool::file_name((happened_at * 1000.0) as u64, self.0, index)
    }
}
