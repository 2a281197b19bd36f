//! Follows a redirect to somebody else, with the key.

use dogwrap_guests::{post, report, run, variable};

fn main() {
    let redirect = post(&variable("DD_URL"), "body").expect("the server answers");
    let location = redirect.header("location").and_then(|value| value.to_str().ok()).expect("it redirects");
    println!("{}", redirect.status_code());
    report([post(location, "body").map(|_| location)]);
    run()
}
