//! Starts the command without variables that it needs.

use dogwrap_guests::{command_line, report, run, start_shell};

fn main() {
    report([&["PATH"][..], &["DD_API_KEY", "PATH"], &["DD_API_KEY"]].map(|names| start_shell(command_line(), names)));
    run()
}
