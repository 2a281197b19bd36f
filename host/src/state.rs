//! The state directory: what could not be delivered waits there. The only directory that the component is lent.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

/// Where the state of this user is, by the XDG Base Directory Specification; root's is the system's.
fn location(variable: impl Fn(&str) -> Option<PathBuf>, is_root: bool) -> Option<PathBuf> {
    let absolute = |name| variable(name).filter(|path| path.is_absolute());
    absolute("XDG_STATE_HOME")
        .map(|state| state.join("dogwrap"))
        .or_else(|| is_root.then(|| PathBuf::from("/var/lib/dogwrap")))
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state/dogwrap")))
}

/// Makes the state directory, for its owner alone, and returns where it is; none when there can be none.
pub fn directory() -> Option<PathBuf> {
    let path = location(|name| std::env::var_os(name).map(PathBuf::from), geteuid().is_root())?;
    make(&path).then_some(path)
}

fn make(path: &Path) -> bool {
    path.is_dir() || DirBuilder::new().recursive(true).mode(0o700).create(path).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_location_follows_the_xdg_specification() {
        let set = |names: &'static [(&str, &str)]| {
            move |name: &str| names.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value))
        };
        let both = set(&[("XDG_STATE_HOME", "/state"), ("HOME", "/home/me")]);
        assert_eq!(location(both, false), Some("/state/dogwrap".into()));
        assert_eq!(location(both, true), Some("/state/dogwrap".into()));
        let home = set(&[("XDG_STATE_HOME", "relative"), ("HOME", "/home/me")]);
        assert_eq!(location(home, false), Some("/home/me/.local/state/dogwrap".into()));
        assert_eq!(location(home, true), Some("/var/lib/dogwrap".into()));
        assert_eq!(location(set(&[]), false), None);
    }
}
