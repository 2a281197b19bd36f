//! File systems for one test each, mounted where nobody else sees them.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A file system, mounted in a namespace of its own. It is gone when dropped, or when the test has ended in any other way.
pub struct FileSystem {
    holder: Child,
    path: PathBuf,
}

impl FileSystem {
    /// Has a shell run `script`, which mounts something at `$1`. None, and said loudly, where this machine forbids that.
    pub fn mount(test: &str, directory: &Path, script: &str) -> Option<Self> {
        // The namespace lives as long as the shell, which waits for the end of its standard input.
        let mut command = Command::new("unshare");
        command.arg("--mount");
        if !is_root() {
            command.arg("--map-root-user");
        }
        let script = format!("set -e; {script}; echo mounted; read end");
        command.args(["sh", "-c", &script, "sh"]).arg(directory);
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut holder = match spawned {
            Ok(holder) => holder,
            Err(error) => return skipped(test, &format!("unshare cannot be started: {error}")),
        };
        let mut line = String::new();
        let stdout = holder.stdout.take().expect("stdout is a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a pipe can be read");
        if line != "mounted\n" {
            let output = holder.wait_with_output().expect("a child can be waited for");
            return skipped(test, String::from_utf8_lossy(&output.stderr).trim());
        }
        // What the holder sees at its root, everybody who may look at it sees here.
        let directory = directory.strip_prefix("/").expect("the path is absolute");
        let path = PathBuf::from(format!("/proc/{}/root", holder.id())).join(directory);
        Some(Self { holder, path })
    }

    /// Where the file system is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for FileSystem {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

/// Whether these tests are run by root.
pub fn is_root() -> bool {
    fs::metadata("/proc/self").expect("the system has /proc").uid() == 0
}

/// Says that a test checks nothing here, and why.
pub fn skipped<T>(test: &str, reason: &str) -> Option<T> {
    // Not by a macro: what those print is shown only when a test fails.
    writeln!(std::io::stderr(), "\nSKIPPED: {test} checks nothing on this machine: {reason}").expect("stderr is there");
    None
}
