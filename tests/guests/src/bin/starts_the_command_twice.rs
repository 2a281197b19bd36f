//! Starts the right command, and then again while it runs, and once more when it has ended.

use dogwrap_guests::{command_line, exit, report, see_through, start, start_shell};

fn main() {
    let child = start();
    report([start_shell(command_line(), &[])]);
    let status = see_through(&child);
    report([start_shell(command_line(), &[])]);
    exit(status)
}
