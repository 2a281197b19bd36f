//! Traps before it has started the command.

fn main() {
    std::process::abort()
}
