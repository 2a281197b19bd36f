//! The state directory: what could not be delivered waits there. The only directory that the component is lent, and no
//! place where others could put something in our way.

mod files;

use std::fs::{DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::sys::statvfs::{FsFlags, fstatvfs};
use nix::unistd::geteuid;

use dogwrap::spool::{RUNNING, SET_ASIDE, WAITING};

use crate::invocation::Invocation;
use crate::words;

pub use files::open_below;

/// A directory that is this user's alone.
pub struct StateDirectory {
    path: PathBuf,
    directory: File,
    /// What the component has locked.
    locked: Vec<files::Identity>,
}

impl StateDirectory {
    /// Makes the directory if it is not there, and opens it. The error says why there is none, in words for people.
    pub fn open(invocation: &Invocation) -> Result<Self, String> {
        let path = Self::location(invocation)?;
        let said = |reason: String| format!("the state directory '{}' {reason}", path.display());
        let directory = make(&path).map_err(said)?;
        Ok(Self { path, directory, locked: Vec::new() })
    }

    /// The same with the directories in it made for their owner alone: then it is of no account how files are made there.
    pub fn with_private_directories(self) -> Result<Self, String> {
        for name in [WAITING, SET_ASIDE, RUNNING] {
            self.make_directory(name).map_err(|error| {
                format!("the state directory '{}' cannot be used: {}", self.path.display(), words::of(&error))
            })?;
        }
        Ok(self)
    }

    /// Where the directory for `invocation` is, or is to be.
    pub fn location(invocation: &Invocation) -> Result<PathBuf, String> {
        if invocation.needs_no_state() {
            return Err("no state directory is asked for".to_owned());
        }
        let path = invocation
            .state_directory()
            .or_else(|| location(|name| std::env::var_os(name).map(PathBuf::from), geteuid().is_root()));
        path.ok_or_else(|| {
            "there is no state directory: neither XDG_STATE_HOME nor HOME is an absolute path".to_owned()
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn directory(&self) -> &File {
        &self.directory
    }

    /// A path that leads to the very directory that was opened, whatever has been put in its place since.
    pub fn stable_path(&self) -> PathBuf {
        files::path_of(&self.directory).unwrap_or_else(|| self.path.clone())
    }
}

/// Where the state of this user is, by the XDG Base Directory Specification; root's is the system's.
fn location(variable: impl Fn(&str) -> Option<PathBuf>, is_root: bool) -> Option<PathBuf> {
    let absolute = |name| variable(name).filter(|path| path.is_absolute());
    absolute("XDG_STATE_HOME")
        .map(|state| state.join("dogwrap"))
        .or_else(|| is_root.then(|| PathBuf::from("/var/lib/dogwrap")))
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state/dogwrap")))
}

/// Opens the directory at `path`, making it for its owner alone if it is not there.
fn make(path: &Path) -> Result<File, String> {
    let directory = match open_directory(path) {
        Err(Errno::ENOENT) => {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
            made.map_err(|error| format!("cannot be made: {}", words::of(&error)))?;
            open_directory(path)
        }
        opened => opened,
    };
    let directory = directory.map_err(|error| match error {
        // A symbolic link is not followed, and is no directory by itself.
        Errno::ENOTDIR | Errno::ELOOP => "is no directory, or a symbolic link".to_owned(),
        error => format!("cannot be opened: {}", words::of(&error.into())),
    })?;
    let metadata = directory.metadata().map_err(|error| format!("cannot be looked at: {}", words::of(&error)))?;
    if metadata.uid() != geteuid().as_raw() {
        return Err("belongs to another user".to_owned());
    }
    if metadata.mode() & 0o022 != 0 {
        return Err("can be written by others: chmod go-w is missing".to_owned());
    }
    // Said here, since WASI has no word for it that reaches the component.
    if fstatvfs(&directory).is_ok_and(|system| system.flags().contains(FsFlags::ST_RDONLY)) {
        return Err("is on a read-only file system".to_owned());
    }
    Ok(directory)
}

fn open_directory(path: &Path) -> nix::Result<File> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    open(path, flags, Mode::empty()).map(File::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

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

    #[test]
    fn directories_for_the_owner_alone_are_made_where_files_are_not() {
        let parent = tempfile::tempdir().expect("a temporary directory can be made");
        let path = parent.path().to_owned();
        let state = StateDirectory { directory: make(&path).expect("it is there"), path, locked: Vec::new() };
        // Also when they are there already.
        let state = state.with_private_directories().and_then(StateDirectory::with_private_directories);
        let state = state.expect("they can be made");
        for name in [WAITING, SET_ASIDE, RUNNING] {
            assert_eq!(fs::metadata(state.path().join(name)).expect("it is there").mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn only_a_directory_of_our_own_is_taken() {
        let parent = tempfile::tempdir().expect("a temporary directory can be made");
        let path = parent.path().join("a/b");
        make(&path).expect("it is made");
        assert_eq!(fs::metadata(&path).expect("it is there").mode() & 0o777, 0o700);
        make(&path).expect("it is there");

        fs::set_permissions(&path, Permissions::from_mode(0o770)).expect("it is ours");
        assert!(make(&path).is_err_and(|reason| reason.contains("written by others")));
        let link = parent.path().join("link");
        symlink("a", &link).expect("nothing is there");
        assert!(make(&link).is_err_and(|reason| reason.contains("symbolic link")));
        fs::write(parent.path().join("file"), "").expect("nothing is there");
        assert!(make(&parent.path().join("file")).is_err_and(|reason| reason.contains("no directory")));
    }
}
