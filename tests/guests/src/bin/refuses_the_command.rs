//! Ends as if the invocation made no sense, and runs nothing.

fn main() {
    dogwrap_guests::exit(2)
}
