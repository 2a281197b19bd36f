//! Sends the key to an allowed name that leads to a private address.

use dogwrap_guests::{post, run, variable};

fn main() {
    for url in variable("DD_URLS").split_whitespace() {
        println!("{:?}", post(url, "body").map(|response| response.status_code()));
    }
    run()
}
