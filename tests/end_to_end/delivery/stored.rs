//! The files of the state directory in which requests wait, or are set aside.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// What was kept, as it stands in its file.
#[derive(Clone, Debug, Deserialize)]
pub struct Kept {
    pub recipient: KeptRecipient,
    pub job: String,
    pub happened_at: u64,
    pub tried: u32,
    pub reason: String,
    pub request: KeptRequest,
}

impl Kept {
    /// What is sent of an event later, while the API takes its date.
    pub fn event_later(&self) -> Value {
        let mut event = self.request.body.clone();
        event["date_happened"] = self.happened_at.into();
        event
    }
}

#[derive(Clone, Debug, Deserialize)]
pub struct KeptRecipient {
    pub api: String,
    pub key: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct KeptRequest {
    pub kind: String,
    pub body: Value,
}

/// The requests that are kept in a directory, oldest first; none if it is not there.
pub fn read_all(directory: &Path) -> Vec<Kept> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("the directory can be listed").path()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let kept = fs::read(path).expect("what is kept can be read");
        serde_json::from_slice(&kept).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    paths.iter().map(read).collect()
}
