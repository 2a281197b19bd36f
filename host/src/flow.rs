//! How much has gone through the component: by that it is told whether it does its work.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts that only grow.
#[derive(Default)]
pub struct Flow {
    read: AtomicU64,
    written: AtomicU64,
    waits: AtomicU64,
}

impl Flow {
    /// The component has read `bytes` of what the command printed.
    pub fn has_read(&self, bytes: usize) {
        self.read.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// The component has written `bytes` to our standard output or standard error.
    pub fn has_written(&self, bytes: usize) {
        self.written.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// The component has waited for something.
    pub fn has_waited(&self) {
        self.waits.fetch_add(1, Ordering::Relaxed);
    }

    /// Bytes of the command's output that the component has read.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Bytes that the component has written.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// How many bytes the component has written that the command has not printed: words of its own.
    pub fn own_words(&self) -> u64 {
        self.written().saturating_sub(self.read())
    }

    /// How many bytes of the command's output the component has read and not written.
    pub fn withheld(&self) -> u64 {
        self.read().saturating_sub(self.written())
    }

    /// A number that grows whenever the component has waited, or passed something on.
    pub fn progress(&self) -> u64 {
        self.read().wrapping_add(self.written()).wrapping_add(self.waits.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_read_is_the_components_own() {
        let flow = Flow::default();
        flow.has_written(3);
        assert_eq!((flow.own_words(), flow.withheld()), (3, 0));
        flow.has_read(10);
        assert_eq!((flow.own_words(), flow.withheld()), (0, 7));
        flow.has_written(7);
        assert_eq!((flow.own_words(), flow.withheld()), (0, 0));
    }

    #[test]
    fn to_wait_to_read_and_to_write_are_progress() {
        let flow = Flow::default();
        let mut seen = vec![flow.progress()];
        flow.has_waited();
        seen.push(flow.progress());
        flow.has_read(1);
        seen.push(flow.progress());
        flow.has_written(1);
        seen.push(flow.progress());
        assert!(seen.is_sorted_by(|before, after| before < after), "{seen:?}");
    }
}
