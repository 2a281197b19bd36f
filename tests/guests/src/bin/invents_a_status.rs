//! Ends with a status that is none of the command.

use dogwrap_guests::{exit, see_through, start, variable};

fn main() {
    see_through(&start());
    exit(variable("DD_STATUS").parse().expect("it is a status"))
}
