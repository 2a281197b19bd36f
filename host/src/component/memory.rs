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

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a memory of `current` bytes may grow to `desired`.
    fn grows(memory: &mut Memory, current: usize, desired: usize) -> bool {
        memory.memory_growing(current, desired, None).expect("no error is made of it")
    }

    #[test]
    fn all_memories_together_are_bounded() {
        let mut memory = Memory::default();
        assert!(grows(&mut memory, 0, limits::MEMORY / 2) && grows(&mut memory, 0, limits::MEMORY / 4));
        assert!(grows(&mut memory, limits::MEMORY / 4, limits::MEMORY / 2), "that is all there is");
        assert!(!memory.was_refused);
        assert!(!grows(&mut memory, 0, 1) && memory.was_refused);
    }

    #[test]
    fn what_was_refused_is_not_counted() {
        let mut memory = Memory::default();
        assert!(!grows(&mut memory, 0, limits::MEMORY + 1) && !grows(&mut memory, 1, usize::MAX));
        assert!(grows(&mut memory, 0, limits::MEMORY));
        assert!(grows(&mut memory, limits::MEMORY, limits::MEMORY), "that is no growth");
    }

    #[test]
    fn tables_are_bounded() {
        let mut memory = Memory::default();
        let mut grows = |desired| memory.table_growing(0, desired, None).expect("no error is made of it");
        assert!(grows(MAXIMUM_ELEMENTS) && !grows(MAXIMUM_ELEMENTS + 1));
        assert!(!memory.was_refused, "that is no memory");
    }
}
