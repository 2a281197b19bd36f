//! Calls the host without end while the command runs.

fn main() {
    let _child = dogwrap_guests::start();
    loop {
        std::hint::black_box(wasi::clocks::monotonic_clock::now());
    }
}
