//! The rules of dogwrap, and the component made of them.
//!
//! Facts pass one way: the command line becomes [`settings::Settings`], a supervised command becomes a [`run::Run`],
//! both are judged ([`verdict`]), what is to be reported becomes an [`event::Event`], and that becomes HTTP
//! [`requests`]. All of this is plain data and plain functions: nothing here reads a clock, the environment or a file,
//! and everything is tested natively.
//!
//! Each world of `wit/` has its adapters. `wrapper` and `reporter` share those that touch WASI (`adapters`), and exist on
//! WASI only: one at a time, and the feature `reporter` says which. `events` touches nothing, and exists where WebAssembly
//! has no system.

#![cfg_attr(not(all(target_family = "wasm", target_os = "unknown")), forbid(unsafe_code))]

pub mod answer;
pub mod backlog;
pub mod capture;
pub mod command_line;
pub mod destination;
pub mod event;
pub mod excerpt;
pub mod host_name;
pub mod kept;
pub mod listing;
pub mod metric;
pub mod requests;
pub mod retry;
pub mod run;
pub mod seconds;
pub mod secret;
pub mod settings;
pub mod sites;
pub mod spool;
pub mod start;
pub mod text;
pub mod timestamp;
pub mod verdict;

#[cfg(target_os = "wasi")]
mod adapters;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod events;
#[cfg(all(target_os = "wasi", feature = "reporter"))]
mod reporter;
#[cfg(all(target_os = "wasi", not(feature = "reporter")))]
mod wrapper;
