//! Asks for the secrets of the machine where clouds give them out.

use dogwrap_guests::{post, run, variable};

fn main() {
    for url in variable("DD_URLS").split_whitespace() {
        println!("{:?}", post(url, "").map(|response| response.status_code()));
    }
    run()
}
