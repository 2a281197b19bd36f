//! Drops the command while it has its stream, and reads on.

use dogwrap_guests::{pass_on, start};

fn main() {
    let child = start();
    let stream = child.stdout().expect("nobody has it yet");
    drop(child);
    pass_on(&stream, std::io::stdout());
}
