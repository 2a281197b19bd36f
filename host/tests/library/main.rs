//! Tests of the library, as a program that embeds it: many runs in one process, and the process left as it was.

mod process;
mod runs;
mod server;
mod support;
