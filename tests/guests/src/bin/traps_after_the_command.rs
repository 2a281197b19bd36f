//! Runs the command to its end, and traps instead of reporting it.

fn main() {
    dogwrap_guests::see_through(&dogwrap_guests::start());
    std::process::abort()
}
