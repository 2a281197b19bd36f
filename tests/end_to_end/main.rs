//! End-to-end tests: the built program, run as people run it.

mod capabilities;
mod component;
mod component_option;
mod conformance;
mod costs;
mod delivery;
mod examples;
mod processes;
mod readme;
mod reporter;
mod sandbox;
mod server;
mod snippets;
mod sources;
mod spool;
mod stand_in;
mod streams;
mod supervision;
mod support;
mod terminal;
mod watched;
