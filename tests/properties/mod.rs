//! What holds of the rules whatever they are given: one property for each kind of input that comes from elsewhere.
//!
//! `fuzz/` searches for an input of which a property does not hold, and `tests/corpus.rs` tries those that are known.

pub mod answer;
pub mod command_line;
pub mod datadog_conf;
pub mod output;
pub mod spool_file;
