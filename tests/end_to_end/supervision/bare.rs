//! A system with next to nothing in it, as chroot(8) makes them: where a shell can run a command, so can we.

use crate::support::{Ending, Invocation, skipped};
use crate::watched::Job;

/// Runs what it is given without devices, processes, configuration, and what else the kernel shows as files.
const BARE: &str = r#"exec unshare --map-root-user --mount sh -ec '
    for directory in /dev /etc /proc /sys; do mount -t tmpfs none $directory; done
    exec "$@"' sh "$@""#;

#[test]
fn a_command_runs_and_is_reported_where_there_is_nothing_else() {
    let possible = Invocation::new("sh", ["-c", BARE, "sh", "true"]).run().ending == Ending::Exited(0);
    if !possible {
        return skipped("what happens in a bare system, because unshare(1) cannot make one here");
    }
    let mut run = Job::new("echo output; test -e /dev/null || exit 3").started_by(BARE).start();
    assert_eq!(run.ending(), Ending::Exited(3), "{}", run.stderr.text_to_its_end());
    assert_eq!(run.stdout.text_to_its_end(), "output\n");
    assert_eq!(run.stderr.text_to_its_end(), "");
    assert_eq!(run.event().exit_code(), 3);
}
