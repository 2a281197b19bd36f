//! The program `dogwrap`: what the system starts. All else is in the library, see [`dogwrap_host::program`].
//!
//! The standard library would prepare more than is needed before its `main`, and look at all of the process for it: that
//! takes longer than what the whole program does before it loads its component.
#![no_main]
#![expect(unsafe_code, reason = "the system knows what it starts by its name, and gives it pointers")]

use std::ffi::{c_char, c_int};

use dogwrap_host::CommandLine;

// SAFETY: nothing else in the program has this name, and this is how the C library calls what has it.
#[unsafe(no_mangle)]
extern "C" fn main(count: c_int, words: *const *const c_char) -> c_int {
    // SAFETY: they are what the system has given, and nobody has seen them before.
    dogwrap_host::program(unsafe { CommandLine::new(count, words) })
}
