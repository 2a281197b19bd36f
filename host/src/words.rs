//! Errors of the system in the words of a message: no capital letter, no number.

use std::io;

use nix::errno::Errno;

/// What `error` is called in a message to people.
pub fn of(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => Errno::from_raw(number).desc().to_lowercase(),
        None => error.to_string(),
    }
}

/// What `error`, of the runtime or of whatever it calls, is called in a message to people: its causes in one line.
pub fn of_error(error: &wasmtime::Error) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_system_have_no_number() {
        assert_eq!(of(&Errno::ECONNRESET.into()), "connection reset by peer");
        assert_eq!(of(&Errno::ENOENT.into()), "no such file or directory");
        assert_eq!(of(&io::Error::other("TLS is off")), "TLS is off");
    }
}
