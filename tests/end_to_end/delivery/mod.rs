//! Delivery of what is reported: accepted, refused, or kept for later, and never at the expense of the command.

mod accepted;
pub(crate) mod addresses;
mod authority;
mod command_line;
mod concurrently;
mod faults;
mod flush;
mod interrupted;
mod kept;
mod key_file;
mod options;
pub(crate) mod peer;
mod proxies;
mod refused;
mod reporter;
mod retried;
mod secrets;
mod secure;
mod stored;
mod unanswered;
mod unreachable;
