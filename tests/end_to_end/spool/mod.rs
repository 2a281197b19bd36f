//! What waits to be delivered: kept by one run, delivered by another, exactly once, whatever becomes of those runs.

mod destinations;
mod directory;
mod exactly_once;
mod file_system;
pub(crate) mod files;
mod full_disk;
mod killed;
mod later;
mod limits;
mod links;
mod listing;
mod modes;
mod old;
mod patience;
mod progress;
mod records;
pub(crate) mod run;
pub(crate) mod sent;
pub(crate) mod vanished;
pub(crate) mod wrapper;
