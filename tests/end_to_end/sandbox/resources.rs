//! Guests that want more than there is: of memory, of time, of handles, and of the reader's patience.

use super::guest::{Guest, NOT_STARTED};

#[test]
fn allocates_without_end() {
    Guest::new("allocates_without_end").assert_failed("it needs more than 64 MiB of memory", NOT_STARTED);
}

#[test]
fn hoards_handles() {
    Guest::new("hoards_handles").assert_failed("resource table has no free keys", NOT_STARTED);
}

#[test]
fn overflows_the_stack() {
    Guest::new("overflows_the_stack").assert_failed("its stack has overflowed", NOT_STARTED);
}

#[test]
fn loops_without_end() {
    Guest::new("loops_without_end").assert_failed("it has computed for 2 s and waited for nothing", NOT_STARTED);
}

#[test]
fn loops_over_a_host_call() {
    let guest = Guest::new("loops_over_a_host_call");
    let before = guest.assert_failed_while_running("it has computed for 2 s and waited for nothing");
    assert_eq!(before, "");
}

#[test]
fn floods_standard_error() {
    const LIMIT: usize = 1024 * 1024;
    let guest = Guest::new("floods_standard_error");
    let flood = guest.assert_failed_while_running("it has written too much that the command did not print");
    assert!(flood.len() <= LIMIT && flood.len() > LIMIT / 2, "{}", flood.len());
}
