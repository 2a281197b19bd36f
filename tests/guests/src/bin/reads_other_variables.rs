//! Reads variables that are nobody's but the command's.

use dogwrap_guests::{report, run};

fn main() {
    let is_ours = |name: &str| name.starts_with("DD_") || name.starts_with("DATADOG_");
    let others = std::env::vars().filter(|(name, _)| !is_ours(name)).map(Ok::<_, ()>);
    report(others.chain([std::env::var("PASSWORD").map(|value| (String::new(), value)).map_err(|_| ())]));
    run()
}
