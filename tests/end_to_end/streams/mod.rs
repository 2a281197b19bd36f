//! What the command prints: it arrives unchanged, and whatever becomes of our own streams, the command never notices.

mod bytes;
mod held_back;
mod memory;
mod readers;
mod unwritable;
