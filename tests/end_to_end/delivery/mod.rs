//! Delivery of what is reported: accepted, refused, or kept for later, and never at the expense of the command.

mod accepted;
mod authority;
mod flush;
mod interrupted;
mod kept;
mod peer;
mod proxies;
mod refused;
mod reporter;
mod secrets;
mod secure;
mod unanswered;
mod unreachable;
