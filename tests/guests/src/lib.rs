//! What hostile guests share: the bindings of what the host lends, and the honest part of their work, which is to run the
//! command as it is asked for.

use std::fmt::Debug;
use std::io::{Write, stderr, stdout};

use waki::{Client, ErrorCode, Response};
use wasi::filesystem::preopens;
use wasi::filesystem::types::Descriptor;
use wasi::io::streams::{InputStream, StreamError};

use self::dogwrap::wrapper::invocation;
use self::dogwrap::wrapper::process::{Child, ExitStatus, SpawnError, SpawnOptions, spawn};

wit_bindgen::generate!({
    path: "../../wit",
    world: "capabilities",
    with: {
        "wasi:clocks/monotonic-clock@0.2.12": wasi::clocks::monotonic_clock,
        "wasi:io/error@0.2.12": wasi::io::error,
        "wasi:io/poll@0.2.12": wasi::io::poll,
        "wasi:io/streams@0.2.12": wasi::io::streams,
    },
});

/// The value of a variable that the test sets.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Says `denied` if every one of `attempts` has failed, and else what has not.
pub fn report<T: Debug, E>(attempts: impl IntoIterator<Item = Result<T, E>>) {
    let succeeded: Vec<_> = attempts.into_iter().filter_map(Result::ok).collect();
    if succeeded.is_empty() { println!("denied") } else { println!("permitted: {succeeded:?}") }
}

/// The words that follow the options of the wrapper. A test gives one.
pub fn command_line() -> Vec<u8> {
    invocation::arguments().pop().expect("there is a command")
}

/// Starts a shell with `line`, without the variables `unset`.
pub fn start_shell(line: Vec<u8>, unset: &[&str]) -> Result<Child, SpawnError> {
    let unset_environment = unset.iter().map(|name| (*name).to_owned()).collect();
    spawn(b"/bin/sh", &[b"-c".to_vec(), line], &SpawnOptions { unset_environment })
}

/// Starts the command that is asked for.
pub fn start() -> Child {
    start_shell(command_line(), &[]).expect("the command that is asked for is lent")
}

/// Passes on what `stream` holds until it ends.
pub fn pass_on(stream: &InputStream, mut output: impl Write) {
    loop {
        match stream.blocking_read(64 * 1024) {
            Ok(bytes) => output.write_all(&bytes).and_then(|()| output.flush()).expect("somebody reads it"),
            Err(StreamError::Closed) => return,
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// Passes on what the command prints, and waits for its end. Returns the status it ended with.
pub fn see_through(child: &Child) -> u8 {
    pass_on(&child.stdout().expect("nobody has it yet"), stdout());
    pass_on(&child.stderr().expect("nobody has it yet"), stderr());
    child.subscribe().block();
    match child.exit_status().expect("it has ended") {
        ExitStatus::Exited(status) => status,
        ExitStatus::Signaled(signal) => 128 + signal,
    }
}

/// Runs the command that is asked for, and ends as it does.
pub fn run() -> ! {
    exit(see_through(&start()))
}

/// Ends with `status`.
pub fn exit(status: u8) -> ! {
    wasi::cli::exit::exit_with_code(status);
    unreachable!("nothing goes on after the end")
}

/// The one directory that the host lends.
pub fn directory() -> Descriptor {
    let (directory, _) = preopens::get_directories().pop().expect("a directory is lent");
    directory
}

/// Sends a `POST` to `url`, with the key. The error is the host's word for it, where it has one.
pub fn post(url: &str, body: impl Into<Vec<u8>>) -> Result<Response, String> {
    let request = Client::new().post(url).header("DD-API-KEY", variable("DD_API_KEY")).body(body.into());
    request.send().map_err(|error| match error.downcast_ref::<ErrorCode>() {
        Some(code) => format!("{code:?}"),
        None => error.to_string(),
    })
}
