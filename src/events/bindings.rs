//! Bindings of the world `events`. What is generated here is the only code in the rules that the compiler does not check:
//! it moves records between the caller's memory and ours.
#![allow(unsafe_code, reason = "the bindings of exports are code of this crate, for the compiler")]

use super::Rules;

wit_bindgen::generate!({ path: "wit/events", world: "events" });

export!(Rules);
