//! Output that its reader has not taken yet, in the pieces that it came in: as long as it waits, nothing of it is moved.

use std::collections::VecDeque;

/// Pieces are joined as long as they are smaller than this, in bytes: of lines, there may be very many.
const SMALL: usize = 4096;

/// What waits, the first first.
#[derive(Debug, Default)]
pub struct Backlog {
    pieces: VecDeque<Vec<u8>>,
    /// How much of the first piece does not wait any more.
    taken: usize,
    length: usize,
}

impl Backlog {
    /// How many bytes wait.
    pub fn length(&self) -> usize {
        self.length
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Adds `piece`, except for its first `taken` bytes.
    pub fn push(&mut self, piece: Vec<u8>, taken: usize) {
        let rest = &piece[taken..];
        if rest.is_empty() {
            return;
        }
        self.length += rest.len();
        match self.pieces.back_mut() {
            Some(last) if last.len() < SMALL && rest.len() < SMALL => last.extend_from_slice(rest),
            None => {
                self.taken = taken;
                self.pieces.push_back(piece);
            }
            Some(_) if taken == 0 => self.pieces.push_back(piece),
            Some(_) => self.pieces.push_back(rest.to_vec()),
        }
    }

    /// The next bytes; none when nothing waits.
    pub fn first(&self) -> &[u8] {
        self.pieces.front().map_or(&[], |first| &first[self.taken..])
    }

    /// Removes `taken` of the bytes that [`Backlog::first`] gives.
    pub fn remove(&mut self, taken: usize) {
        self.length -= taken;
        self.taken += taken;
        if self.first().is_empty() {
            self.pieces.pop_front();
            self.taken = 0;
        }
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_added_comes_out_in_order(
            steps in prop::collection::vec((0..2 * SMALL, 0..SMALL, 0..3 * SMALL), 0..40),
        ) {
            let (mut backlog, mut model, mut next) = (Backlog::default(), VecDeque::new(), 0_u8);
            for (size, taken, removed) in steps {
                let piece: Vec<u8> = (0..size).map(|_| { next = next.wrapping_add(1); next }).collect();
                let taken = taken.min(size);
                model.extend(&piece[taken..]);
                backlog.push(piece, taken);
                let removed = removed.min(backlog.first().len());
                let expected: Vec<u8> = model.drain(..removed).collect();
                prop_assert_eq!(&backlog.first()[..removed], expected);
                backlog.remove(removed);
                prop_assert_eq!((backlog.length(), backlog.first().is_empty()), (model.len(), model.is_empty()));
            }
        }
    }

    #[test]
    fn lines_are_joined() {
        let mut backlog = Backlog::default();
        for _ in 0..100_000 {
            backlog.push(b"a line\n".to_vec(), 0);
        }
        assert!(backlog.length() == 700_000 && backlog.pieces.len() <= 700_000 / SMALL + 1);
    }
}
