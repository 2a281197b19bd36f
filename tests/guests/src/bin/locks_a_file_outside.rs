//! Locks files outside of the state directory.

use dogwrap_guests::dogwrap::wrapper::state::acquire;
use dogwrap_guests::{report, run};

fn main() {
    report(["../secret", "/etc/passwd", "..", "relative", "parent/secret"].map(|path| acquire(path, 0)));
    run()
}
