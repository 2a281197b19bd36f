//! Reads streams on and on after they have closed, and takes them twice.

use dogwrap_guests::{exit, pass_on, report, start};

fn main() {
    let child = start();
    let stream = child.stdout().expect("nobody has it yet");
    pass_on(&stream, std::io::stdout());
    report((0..1000).map(|_| stream.blocking_read(1)));
    report([stream.read(1), stream.blocking_read(u64::MAX)]);
    report([child.stdout()]);
    drop(stream);
    report([child.stdout()]);
    pass_on(&child.stderr().expect("nobody has it yet"), std::io::stderr());
    child.subscribe().block();
    exit(3)
}
