//! Requests that could not be delivered, kept in the state directory: one file each.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use wasi::filesystem::preopens;
use wasi::random::random;

use crate::requests::Request;
use crate::sites::Api;

/// A request that waits to be delivered. There is no key in it.
#[derive(Serialize, Deserialize)]
pub struct Kept {
    /// The API that it is for, and for no other.
    pub api: String,
    /// Why it was not delivered, in words for people.
    pub reason: String,
    pub request: Request,
}

/// The one directory that the host lends, by the host's own path. None when the host could not make it.
pub fn state_directory() -> Option<String> {
    preopens::get_directories().into_iter().next().map(|(_, path)| path)
}

/// A name that no other file of the directory has, and that sorts by time.
pub fn unique_name(extension: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:013}-{:016x}.{extension}", now.as_millis(), random::get_random_u64())
}

/// Keeps `request` for `api`, and returns where. It is complete and on the disk under its name, or not there at all.
pub fn keep(request: &Request, api: &Api, reason: &str) -> io::Result<PathBuf> {
    let directory = spool().ok_or_else(|| io::Error::other("there is no state directory"))?;
    fs::create_dir_all(&directory)?;
    let kept = Kept { api: api.to_string(), reason: reason.to_owned(), request: request.clone() };
    let path = directory.join(unique_name("json"));
    let unfinished = path.with_extension("unfinished");
    let mut file = File::create_new(&unfinished)?;
    serde_json::to_writer_pretty(&mut file, &kept)?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    fs::rename(&unfinished, &path)?;
    File::open(&directory)?.sync_all()?;
    Ok(path)
}

/// What waits for `api`, oldest first. Files that cannot be read are left alone.
pub fn waiting(api: &Api) -> Vec<(PathBuf, Kept)> {
    let Some(entries) = spool().and_then(|directory| fs::read_dir(directory).ok()) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let read = |path: PathBuf| {
        let kept: Kept = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
        (kept.api == api.to_string()).then_some((path, kept))
    };
    paths.into_iter().filter_map(read).collect()
}

/// Forgets a request that has been delivered.
pub fn forget(path: &Path) -> io::Result<()> {
    fs::remove_file(path)
}

fn spool() -> Option<PathBuf> {
    state_directory().map(|directory| Path::new(&directory).join("spool"))
}
