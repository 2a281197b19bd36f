//! Asks for one thing after the other to wait for, and lets go of none.

use wasi::clocks::monotonic_clock::subscribe_duration;

fn main() {
    loop {
        std::mem::forget(subscribe_duration(u64::MAX));
    }
}
