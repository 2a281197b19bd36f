//! Runs the command to its end, and then waits for ever, saying so now and then.

use wasi::clocks::monotonic_clock::subscribe_duration;

/// Less than the host waits for its end, and more than half of it, in nanoseconds.
const NOW_AND_THEN: u64 = 20_000_000_000;

fn main() {
    dogwrap_guests::see_through(&dogwrap_guests::start());
    loop {
        subscribe_duration(NOW_AND_THEN).block();
        eprintln!("still here");
    }
}
