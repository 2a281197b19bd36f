//! Drops the command that it has started, and does something else for ever.

use wasi::clocks::monotonic_clock::subscribe_duration;

fn main() {
    drop(dogwrap_guests::start());
    loop {
        subscribe_duration(1_000_000_000).block();
    }
}
