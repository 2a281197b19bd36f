//! What the machine says of its own name: files of Datadog's agents, the resolver, the kernel.

use std::fs::File;
use std::io::Read;
use std::time::Duration;

use tokio::time::timeout;

use crate::bindings::dogwrap::wrapper::machine::NameSources;
use crate::names;

/// The agent's configuration up to version 5, and from version 6.
pub const DATADOG_CONF: &str = "/etc/dd-agent/datadog.conf";
pub const DATADOG_YAML: &str = "/etc/datadog-agent/datadog.yaml";

/// How much of a configuration is read, in bytes. The agent's own template has about 200 KB.
const MAXIMUM_CONFIGURATION: u64 = 1024 * 1024;

/// How long the resolver is waited for.
const RESOLVER_TIMEOUT: Duration = Duration::from_secs(1);

/// Looks all of it up. Takes a second at most.
pub async fn name_sources() -> NameSources {
    let host_name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    let canonical_name = match host_name.clone() {
        Some(name) => timeout(RESOLVER_TIMEOUT, names::canonical_name(name)).await.ok().flatten(),
        None => None,
    };
    NameSources { datadog_conf: read(DATADOG_CONF), datadog_yaml: read(DATADOG_YAML), canonical_name, host_name }
}

fn read(path: &str) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path).ok()?.take(MAXIMUM_CONFIGURATION).read_to_end(&mut text).ok()?;
    Some(text)
}
