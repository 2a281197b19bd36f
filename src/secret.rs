//! Secrets: what goes to the API and to nobody else.

use std::fmt;

/// A secret that goes into an HTTP header and nowhere else: it has no text form.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a key that can stand in an HTTP header: visible ASCII characters only. Returns none for any other.
    pub fn new(key: &str) -> Option<Self> {
        let sendable = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
        sendable.then(|| Self(key.to_owned()))
    }

    /// Takes the value of a header as it is. Returns none for what cannot stand in one.
    pub fn header(value: &str) -> Option<Self> {
        let sendable = value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        sendable.then(|| Self(value.to_owned()))
    }

    /// The secret itself, for the one header that carries it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}
