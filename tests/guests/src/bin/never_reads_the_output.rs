//! Waits for the command, and leaves lying what it prints.

use dogwrap_guests::{exit, start};

fn main() {
    let child = start();
    child.subscribe().block();
    exit(0)
}
