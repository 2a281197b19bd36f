//! Sends the command a signal that nobody has asked for.

use dogwrap_guests::dogwrap::wrapper::signals::Signal;
use dogwrap_guests::{exit, see_through, start, variable};

fn main() {
    let child = start();
    child.signal(match variable("DD_SIGNAL").as_str() {
        "HUP" => Signal::Hangup,
        "INT" => Signal::Interrupt,
        "QUIT" => Signal::Quit,
        "TERM" => Signal::Terminate,
        "KILL" => Signal::Kill,
        "USR1" => Signal::User1,
        other => panic!("{other} is no signal"),
    });
    exit(see_through(&child))
}
