//! In a terminal, under an interactive shell: everything works as if we were not there.

mod job_control;
mod keys;
pub(crate) mod session;
