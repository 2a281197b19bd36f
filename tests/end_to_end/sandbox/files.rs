//! Guests that reach for files and variables that are not theirs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::guest::Guest;
use crate::spool::run::Told;

const SECRET: &str = "a secret of the user";

/// A guest, and a file beside its directory, which it must neither read nor change.
struct Beside {
    guest: Guest,
    secret: PathBuf,
}

impl Beside {
    fn new(name: &str) -> Self {
        let guest = Guest::new(name);
        let state = guest.honest.state();
        fs::create_dir_all(&state).expect("it can be made");
        let secret = state.with_file_name("secret");
        fs::write(&secret, SECRET).expect("it can be written");
        Self { guest, secret }
    }

    /// Puts links to the file into the directory.
    fn with_links(self) -> Self {
        let state = self.guest.honest.state();
        symlink("../secret", state.join("relative")).expect("nothing is there");
        symlink(&self.secret, state.join("absolute")).expect("nothing is there");
        symlink("..", state.join("parent")).expect("nothing is there");
        self
    }

    fn assert_denied(&self) {
        self.guest.assert_denied();
        assert_eq!(fs::read_to_string(&self.secret).expect("it is there"), SECRET);
        let beside = fs::read_dir(self.secret.with_file_name("")).expect("it is there").count();
        assert_eq!(beside, 2, "something was made beside the directory");
    }
}

#[test]
fn reads_other_variables() {
    let guest = Guest::new("reads_other_variables").variable("PASSWORD", "hunter2").variable("DD_ENV", "test");
    guest.assert_denied();
    // The command has them all.
    let Told { printed, .. } = guest.start("echo $PASSWORD $DD_ENV").finish();
    assert_eq!(printed, "denied\nhunter2 test\n");
}

#[test]
fn opens_etc_passwd() {
    Guest::new("opens_etc_passwd").assert_denied();
}

#[test]
fn climbs_out_of_the_directory() {
    Beside::new("climbs_out_of_the_directory").assert_denied();
}

#[test]
fn follows_symbolic_links() {
    Beside::new("follows_symbolic_links").with_links().assert_denied();
}

#[test]
fn locks_a_file_outside() {
    Beside::new("locks_a_file_outside").with_links().assert_denied();
}
