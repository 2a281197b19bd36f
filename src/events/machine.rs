//! The interface `machine`: which name an event gives the machine.

use super::Rules;
use super::bindings::exports::dogwrap::events::machine::{Guest, NameSources};
use crate::host_name::{self, Sources};

impl Guest for Rules {
    fn host_name(sources: NameSources) -> Option<String> {
        host_name::host_name(&Sources {
            environment: sources.environment.as_deref(),
            datadog_conf: sources.datadog_conf.as_deref().map(str::as_bytes),
            datadog_yaml: sources.datadog_yaml.as_deref().map(str::as_bytes),
            canonical_name: sources.canonical_name.as_deref(),
            host_name: sources.host_name.as_deref(),
        })
    }
}
