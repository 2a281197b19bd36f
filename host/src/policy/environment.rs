//! What of the environment the component is lent: the one list of names.

/// Variables whose names begin so are Datadog's.
pub const PREFIXES: &[&str] = &["DD_", "DATADOG_"];

/// How wide help may be, and whether colour is wanted.
pub const NAMES: &[&str] = &["COLUMNS", "NO_COLOR"];

/// Whether the component may know of the variable `name`.
fn is_lent(name: &str) -> bool {
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// The variables that the component is lent, sorted by name. One that is not UTF-8 cannot be: WASI has strings only.
pub fn lent() -> Vec<(String, String)> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let mut lent: Vec<_> = std::env::vars_os().filter_map(text).filter(|(name, _)| is_lent(name)).collect();
    lent.sort();
    lent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_is_lent() {
        assert!(is_lent("DD_API_KEY") && is_lent("DATADOG_HOST") && is_lent("COLUMNS"));
        assert!(!is_lent("PATH") && !is_lent("AWS_SECRET_ACCESS_KEY") && !is_lent("ADD_ONE") && !is_lent("COLUMNSX"));
    }
}
