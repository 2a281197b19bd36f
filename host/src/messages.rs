//! What is said to people, and what the component tells of its report.

pub use crate::bindings::dogwrap::wrapper::messages::Fate;
use crate::bindings::dogwrap::wrapper::messages::Host;
use crate::policy::limits;

/// Messages, where standard error is not the place for them, and what has become of the report.
pub struct Messages {
    /// None: they belong on standard error.
    collected: Option<Vec<String>>,
    bytes: u64,
    /// What has become of the report, once that is known.
    pub fate: Option<Fate>,
}

impl Messages {
    /// They go to standard error, as lines of their own.
    pub fn on_standard_error() -> Self {
        Self { collected: None, bytes: 0, fate: None }
    }

    /// They are collected, for whoever asked for the run.
    pub fn collected() -> Self {
        Self { collected: Some(Vec::new()), ..Self::on_standard_error() }
    }

    /// Takes a message, or returns it when standard error is the place for it.
    pub fn take(&mut self, message: String) -> Result<(), String> {
        match &mut self.collected {
            Some(collected) => {
                collected.push(message);
                Ok(())
            }
            None => Err(message),
        }
    }

    /// What was collected. None of it is left.
    pub fn take_collected(&mut self) -> Vec<String> {
        self.collected.take().unwrap_or_default()
    }
}

impl Host for Messages {
    fn say(&mut self, message: String) -> wasmtime::Result<bool> {
        if self.collected.is_none() {
            return Ok(false);
        }
        self.bytes = self.bytes.saturating_add(message.len() as u64);
        if self.bytes > limits::OWN_WORDS {
            return Err(wasmtime::Error::msg("it has said too much"));
        }
        Ok(self.take(message).is_ok())
    }

    fn reported(&mut self, fate: Fate) -> wasmtime::Result<()> {
        self.fate = Some(fate);
        Ok(())
    }
}
