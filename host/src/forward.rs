//! The small process that outlives us: it forwards what a command left in the background still prints.
//!
//! It is this program, started under another name with the pipe as its standard input. Closing the pipe instead would
//! end whoever writes to it next.

use std::fs::{File, read_dir};
use std::io::{self, Read, Stdin, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::fcntl::{FcntlArg, OFlag, fcntl};

/// The name under which this program forwards. Nobody calls it by hand.
const NAME: &str = "dogwrap-forward-output";

/// Starts a process that forwards everything that comes out of `pipe` to `output`, until its end.
pub fn start(pipe: OwnedFd, output: impl AsFd) -> io::Result<()> {
    // We read without waiting; the process has nothing else to do.
    fcntl(&pipe, FcntlArg::F_SETFL(OFlag::empty()))?;
    Command::new(this_program()?)
        .arg0(NAME)
        .stdin(pipe)
        .stdout(output.as_fd().try_clone_to_owned()?)
        .stderr(Stdio::null())
        // What ends our group, or the terminal, is not meant for it.
        .process_group(0)
        .spawn()?;
    Ok(())
}

fn this_program() -> io::Result<std::path::PathBuf> {
    // This works also when the file has been replaced or removed since we started.
    let running = std::path::Path::new("/proc/self/exe");
    if running.exists() { Ok(running.to_owned()) } else { std::env::current_exe() }
}

/// Whether this process was started to forward.
pub fn is_asked_for() -> bool {
    std::env::args_os().next().is_some_and(|name| name == NAME)
}

/// Forwards standard input to standard output until its end, also when nobody takes it any more. Returns the status to end
/// with.
pub fn run() -> u8 {
    close_inherited();
    // Neither a mounted file system nor a deleted directory is to be held by us.
    let _ = std::env::set_current_dir("/");
    u8::from(copy(&io::stdin()).is_err())
}

fn copy(input: &Stdin) -> io::Result<()> {
    let mut input = File::from(input.as_fd().try_clone_to_owned()?);
    let mut output = Some(File::from(io::stdout().as_fd().try_clone_to_owned()?));
    let mut piece = vec![0; 64 * 1024];
    loop {
        let length = match input.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        // Once nobody takes it, the rest is read for the writer's sake alone.
        output = output.take().filter(|mut output| output.write_all(&piece[..length]).is_ok());
    }
}

/// Closes what the command may have inherited through us, such as a lock: it is not ours to hold.
fn close_inherited() {
    let Ok(entries) = read_dir("/proc/self/fd") else { return };
    let open: Vec<i32> = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for descriptor in open.into_iter().filter(|descriptor| *descriptor > 2) {
        // The one that listed the directory is closed already, which is no matter.
        let _ = nix::unistd::close(descriptor);
    }
}
