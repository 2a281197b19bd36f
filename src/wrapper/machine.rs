//! The machine's name, from what the environment and the host say of it.

use super::bindings::dogwrap::wrapper::machine::look_up_name;
use crate::host_name::{self, Sources};

/// Looks up the machine's name. Takes a second at most, and none when the environment says it.
pub fn host_name() -> Option<String> {
    let environment = std::env::var("DD_HOSTNAME").ok();
    let said = Sources { environment: environment.as_deref(), ..Sources::default() };
    if let Some(name) = host_name::host_name(&said) {
        return Some(name);
    }
    let sources = look_up_name();
    host_name::host_name(&Sources {
        environment: None,
        datadog_conf: sources.datadog_conf.as_deref(),
        datadog_yaml: sources.datadog_yaml.as_deref(),
        canonical_name: sources.canonical_name.as_deref(),
        host_name: sources.host_name.as_deref(),
    })
}
