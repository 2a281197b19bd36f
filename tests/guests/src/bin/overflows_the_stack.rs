//! Calls itself without end.

use std::hint::black_box;

fn depth(level: u64) -> u64 {
    black_box(level) + if black_box(true) { depth(level + 1) } else { 0 }
}

fn main() {
    println!("{}", depth(0));
}
