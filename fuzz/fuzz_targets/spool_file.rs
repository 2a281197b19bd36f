//! Searches for an input of which the property does not hold.
#![no_main]

#[path = "../../tests/properties/spool_file.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|input: &[u8]| property::holds_of(input));
