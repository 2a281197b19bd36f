//! Whatever stands in the agent's configuration, in either form: what is taken from it for a name is one.

use dogwrap::host_name::{Sources, host_name, is_valid};

const OTHER: &str = "other.example";

/// Reads `input` as `datadog.conf`, and as `datadog.yaml`.
pub fn holds_of(input: &[u8]) {
    holds_as(input, |text| Sources { datadog_conf: Some(text), ..Sources::default() });
    holds_as(input, |text| Sources { datadog_yaml: Some(text), ..Sources::default() });

    let first = [b"[Main]\nhostname: ", OTHER.as_bytes(), b"\n", input].concat();
    let sources = Sources { datadog_conf: Some(&first), ..Sources::default() };
    assert_eq!(host_name(&sources).as_deref(), Some(OTHER), "the first line counts");
    let first = [b"hostname: ", OTHER.as_bytes(), b"\n", input].concat();
    let sources = Sources { datadog_yaml: Some(&first), ..Sources::default() };
    assert_eq!(host_name(&sources).as_deref(), Some(OTHER), "the first line counts");
}

fn holds_as(input: &[u8], sources: impl Fn(&[u8]) -> Sources<'_>) {
    let name = host_name(&sources(input));
    assert!(name.as_deref().is_none_or(is_valid), "{name:?}");

    let with_own_name = Sources { host_name: Some(OTHER), ..sources(input) };
    assert_eq!(host_name(&with_own_name).as_deref(), Some(name.as_deref().unwrap_or(OTHER)));

    let of_windows = input.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]);
    assert_eq!(host_name(&sources(&of_windows)), name, "how lines end makes no difference");

    let with_more = [input, b"\n[other]\nhostname: unrelated\n"].concat();
    let sources = sources(&with_more);
    // A section is of `datadog.conf` alone: in YAML the line after it counts.
    if sources.datadog_conf.is_some() {
        assert_eq!(host_name(&sources), name, "other sections do not count");
    }
}
