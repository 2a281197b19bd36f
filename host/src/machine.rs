//! What the machine says of its own name: files of Datadog's agents, the resolver, the kernel.

use std::fs::File;
use std::io::Read;
use std::time::Duration;

use dns_lookup::{AddrInfoHints, getaddrinfo};

use crate::bindings::dogwrap::wrapper::machine::NameSources;

/// The agent's configuration up to version 5, and from version 6.
pub const DATADOG_CONF: &str = "/etc/dd-agent/datadog.conf";
pub const DATADOG_YAML: &str = "/etc/datadog-agent/datadog.yaml";

/// How much of a configuration is read, in bytes. The agent's own template has about 200 KB.
const MAXIMUM_CONFIGURATION: u64 = 1024 * 1024;

/// How long the resolver is waited for.
const RESOLVER_TIMEOUT: Duration = Duration::from_secs(1);

/// Ask the resolver for the canonical name. Of no type in libc's binding that is the same everywhere.
const AI_CANONNAME: i32 = 2;

/// Looks all of it up. Takes a second at most.
pub async fn name_sources() -> NameSources {
    let host_name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    let canonical_name = match host_name.clone() {
        Some(name) => canonical_name(name).await,
        None => None,
    };
    NameSources { datadog_conf: read(DATADOG_CONF), datadog_yaml: read(DATADOG_YAML), canonical_name, host_name }
}

async fn canonical_name(name: String) -> Option<String> {
    let look_up = move || {
        let hints = AddrInfoHints { flags: AI_CANONNAME, ..AddrInfoHints::default() };
        getaddrinfo(Some(&name), None, Some(hints)).ok()?.flatten().find_map(|address| address.canonname)
    };
    // The resolver cannot be interrupted: a thread that hangs in it is left to the end of the process.
    tokio::time::timeout(RESOLVER_TIMEOUT, tokio::task::spawn_blocking(look_up)).await.ok()?.ok()?
}

fn read(path: &str) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path).ok()?.take(MAXIMUM_CONFIGURATION).read_to_end(&mut text).ok()?;
    Some(text)
}
