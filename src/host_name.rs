//! Which name an event gives the machine: rules over what the environment and the host say of it.

/// What a machine's name can be taken from, most telling first.
#[derive(Clone, Debug, Default)]
pub struct Sources<'a> {
    /// `DD_HOSTNAME`: somebody said so.
    pub environment: Option<&'a str>,
    /// The text of `datadog.conf`, the agent's configuration up to version 5.
    pub datadog_conf: Option<&'a [u8]>,
    /// The text of `datadog.yaml`, the agent's configuration from version 6.
    pub datadog_yaml: Option<&'a [u8]>,
    /// The name that the resolver gives, as `hostname -f`.
    pub canonical_name: Option<&'a str>,
    /// What `gethostname` returns.
    pub host_name: Option<&'a str>,
}

/// The name of the machine: the first that is a valid name, or else the first of those that the machine gives itself,
/// such as `localhost` or `my_host`: a doubtful name says more than none.
pub fn host_name(sources: &Sources<'_>) -> Option<String> {
    let named = |name: &Option<&str>| name.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
    if let Some(name) = named(&sources.environment) {
        return Some(name);
    }
    let configured = [
        sources.datadog_conf.and_then(|text| datadog_conf_host_name(&String::from_utf8_lossy(text))),
        sources.datadog_yaml.and_then(|text| datadog_yaml_host_name(&String::from_utf8_lossy(text))),
    ];
    let own = [named(&sources.canonical_name), named(&sources.host_name)];
    let valid = configured.into_iter().chain(own.clone()).flatten().find(|name| is_valid(name));
    valid.or_else(|| own.into_iter().flatten().next_back())
}

/// Whether Datadog takes `name` for a host: letters, digits and inner hyphens in labels, and not the loopback's.
pub fn is_valid(name: &str) -> bool {
    const LOOPBACK: &[&str] = &["localhost", "localhost.localdomain", "localhost6.localdomain6", "ip6-localhost"];
    let label_is_valid = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty() && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= 255 && name.split('.').all(label_is_valid) && !LOOPBACK.contains(&name.to_ascii_lowercase().as_str())
}

/// `hostname` in the section `[Main]` of an INI file.
fn datadog_conf_host_name(text: &str) -> Option<String> {
    let mut in_main = false;
    for line in text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            in_main = section.strip_suffix(']') == Some("Main");
        } else if in_main
            && let Some((key, value)) = line.split_once(['=', ':'])
            && key.trim().eq_ignore_ascii_case("hostname")
        {
            return Some(value.trim().to_owned());
        }
    }
    None
}

/// `hostname` at the top level of a YAML file.
fn datadog_yaml_host_name(text: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.strip_prefix("hostname:"))?;
    let value = value.split(" #").next().unwrap_or(value).trim();
    Some(value.trim_matches(['"', '\'']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_comes_first() {
        let sources =
            Sources { environment: Some("my_host"), canonical_name: Some("fqdn.example"), ..Sources::default() };
        assert_eq!(host_name(&sources).as_deref(), Some("my_host"));
    }

    #[test]
    fn the_agents_configuration_comes_before_the_resolver() {
        let sources = Sources {
            datadog_conf: Some(b"# x\n[Main]\n HostName : from-conf\n[other]\nhostname=no\n"),
            datadog_yaml: Some(b"api_key: x\nhostname: 'from-yaml' # here\n"),
            canonical_name: Some("fqdn.example"),
            host_name: Some("short"),
            ..Sources::default()
        };
        assert_eq!(host_name(&sources).as_deref(), Some("from-conf"));
        assert_eq!(host_name(&Sources { datadog_conf: None, ..sources.clone() }).as_deref(), Some("from-yaml"));
        let without = Sources { datadog_conf: Some(b"[Main]\n"), datadog_yaml: Some(b"x: y\n"), ..sources };
        assert_eq!(host_name(&without).as_deref(), Some("fqdn.example"));
    }

    #[test]
    fn an_invalid_name_is_passed_over_for_a_valid_one() {
        let sources = Sources { canonical_name: Some("localhost"), host_name: Some("box"), ..Sources::default() };
        assert_eq!(host_name(&sources).as_deref(), Some("box"));
    }

    #[test]
    fn a_doubtful_name_is_better_than_none() {
        let sources = Sources { canonical_name: Some("localhost"), host_name: Some("my_host"), ..Sources::default() };
        assert_eq!(host_name(&sources).as_deref(), Some("my_host"));
        assert_eq!(host_name(&Sources { host_name: Some(" "), ..Sources::default() }), None);
    }
}
