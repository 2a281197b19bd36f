//! Sends more than an event can ever be.

use dogwrap_guests::{post, report, run, variable};

const LIMIT: usize = 1024 * 1024;

fn main() {
    let url = variable("DD_URL");
    report([post(&url, vec![b'x'; LIMIT + 1]).map(|response| response.status_code())]);
    println!("{:?}", post(&url, vec![b'x'; LIMIT]).map(|response| response.status_code()));
    run()
}
