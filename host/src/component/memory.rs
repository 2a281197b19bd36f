//! The memory of the component: bounded, all of it together.

use wasmtime::ResourceLimiter;

use crate::policy::limits;

/// The most elements of a table, and the most tables, memories and instances. Ours has 4 of each, and some thousand
/// functions.
const MAXIMUM_ELEMENTS: usize = 100_000;
const MAXIMUM_PARTS: usize = 100;

/// What the component has, and whether it wanted more than it may have.
#[derive(Default)]
pub struct Memory {
    bytes: usize,
    pub was_refused: bool,
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let bytes = self.bytes.saturating_add(desired.saturating_sub(current));
        let is_permitted = bytes <= limits::MEMORY;
        if is_permitted {
            self.bytes = bytes;
        } else {
            self.was_refused = true;
        }
        Ok(is_permitted)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= MAXIMUM_ELEMENTS)
    }

    fn instances(&self) -> usize {
        MAXIMUM_PARTS
    }

    fn tables(&self) -> usize {
        MAXIMUM_PARTS
    }

    fn memories(&self) -> usize {
        MAXIMUM_PARTS
    }
}
