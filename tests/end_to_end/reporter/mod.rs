//! The reporter: `dogwrap-report.wasm` in runtimes as anybody has them, with no host of ours.

mod ending;
mod jco;
mod output;
mod readme;
pub mod runtime;
mod sent;
mod shared_spool;
mod spool;
mod unanswered;
mod usage;
