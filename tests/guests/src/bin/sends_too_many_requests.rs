//! Sends one request after the other.

use dogwrap_guests::{post, report, run, variable};

fn main() {
    let url = variable("DD_URL");
    let accepted = (0..2000).map_while(|_| post(&url, "{}").ok()).count();
    println!("{accepted}");
    report((0..10).map(|_| post(&url, "{}").map(|response| response.status_code())));
    run()
}
