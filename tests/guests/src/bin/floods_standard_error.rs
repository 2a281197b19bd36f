//! Writes to standard error without end.

fn main() {
    let line = "flood ".repeat(100);
    let _child = dogwrap_guests::start();
    loop {
        eprintln!("{line}");
    }
}
