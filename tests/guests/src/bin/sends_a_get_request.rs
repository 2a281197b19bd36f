//! Asks the API instead of telling it.

use dogwrap_guests::{report, run, variable};
use waki::{Client, Method};

fn main() {
    let url = variable("DD_URL");
    let methods = [Method::Get, Method::Head, Method::Put, Method::Delete, Method::Connect, Method::Other("X".into())];
    report(methods.map(|method| Client::new().request(method, &url).send().map(|response| response.status_code())));
    run()
}
