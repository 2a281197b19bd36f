//! The files in which something waits.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

pub fn json_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = files_below(directory);
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

/// Every file below a directory; none if it is not there.
pub fn files_below(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let below = |entry: fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => files_below(&entry.path()),
        Ok(kind) if kind.is_file() => vec![entry.path()],
        _ => Vec::new(),
    };
    entries.flat_map(below).collect()
}

/// What was kept in a file.
pub fn content(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("what is kept can be read")).expect("what is kept is JSON")
}

pub fn write(path: &Path, content: &Value) {
    fs::write(path, content.to_string()).expect("what is kept can be written");
}

pub fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is set")
}

/// Makes what was kept in a file older, and returns when it happened now, in seconds since 1970.
pub fn make_older(path: &Path, by: Duration) -> u64 {
    let mut kept = content(path);
    let happened_at = kept["happened_at"].as_u64().expect("a time is a number") - by.as_secs();
    kept["happened_at"] = happened_at.into();
    write(path, &kept);
    let name = path.file_name().and_then(|name| name.to_str()).expect("the name is text");
    let (time, rest) = name.split_once('-').expect("the name begins with the time");
    let time = time.parse::<u128>().expect("the time is a number") - by.as_millis();
    fs::rename(path, path.with_file_name(format!("{time:013}-{rest}"))).expect("what is kept can be renamed");
    happened_at
}
