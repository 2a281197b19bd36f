//! Streaming capture of a command's output: bounded memory, and exactly the excerpt that decoding everything would give.

use crate::excerpt::{Excerpt, first, last, share};

/// The most code points of a stream that an event ever shows.
pub const MAXIMUM_LIMIT: usize = 3000;

/// UTF-8 takes at most four bytes for a code point, and decoding makes at least one U+FFFD of four invalid bytes. So
/// more bytes than this are more code points than [`MAXIMUM_LIMIT`], and the head of any excerpt is within them.
const HEAD_BYTES: usize = 4 * MAXIMUM_LIMIT;

/// A sequence has at most three bytes after its first: so many at the start of the tail may belong to one that began
/// before it.
const CONTINUATION_BYTES: usize = 3;

/// Holds the tail of any excerpt, whatever sequence it starts in.
const TAIL_BYTES: usize = 4 * (2 * MAXIMUM_LIMIT / 3) + CONTINUATION_BYTES;

/// What is kept of one stream: its first and its last bytes, and how many there were.
#[derive(Clone, Debug, Default)]
pub struct Capture {
    head: Vec<u8>,
    /// The last bytes, and at most as many before them: shortened only now and then.
    tail: Vec<u8>,
    length: u64,
}

impl Capture {
    /// Adds the next bytes of the stream. Where a stream is cut into pieces makes no difference.
    pub fn push(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        let room = (HEAD_BYTES - self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..room]);

        let recent = &bytes[bytes.len().saturating_sub(TAIL_BYTES)..];
        if self.tail.len() + recent.len() > 2 * TAIL_BYTES {
            self.tail.drain(..self.tail.len().saturating_sub(TAIL_BYTES));
        }
        self.tail.extend_from_slice(recent);
    }

    /// How many bytes the stream had.
    pub fn length(&self) -> u64 {
        self.length
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The excerpt of the whole stream, decoded as UTF-8 with one U+FFFD for each maximal ill-formed part.
    ///
    /// `limit` counts code points and is at most [`MAXIMUM_LIMIT`].
    pub fn excerpt(&self, limit: usize) -> Excerpt {
        debug_assert!(limit <= MAXIMUM_LIMIT, "what was captured is enough for {MAXIMUM_LIMIT} code points only");
        let beginning = String::from_utf8_lossy(&self.head);
        if self.length <= HEAD_BYTES as u64 {
            return Excerpt::of(&beginning, limit);
        }
        let (head, tail) = share(limit);
        let end = String::from_utf8_lossy(&self.tail[start_of_sequence(&self.tail)..]);
        Excerpt::Ends { head: first(&beginning, head).to_owned(), tail: last(&end, tail).to_owned() }
    }
}

/// The first position from which `bytes`, the end of a longer stream, decode as they do in the whole of it.
///
/// A byte that continues no sequence starts one, so the state of the decoder is known there. After three bytes that
/// continue, any further one stands for itself.
fn start_of_sequence(bytes: &[u8]) -> usize {
    bytes.iter().take(CONTINUATION_BYTES).take_while(|byte| is_continuation(**byte)).count()
}

fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Bytes as programs print them: text, wide characters, cut and invalid sequences, and anything.
    fn piece() -> impl Strategy<Value = Vec<u8>> {
        let unit = prop_oneof![
            Just(b"a".to_vec()),
            Just("é".as_bytes().to_vec()),
            Just("漢".as_bytes().to_vec()),
            Just("😀".as_bytes().to_vec()),
            Just(vec![0xe2, 0x82]),
            Just(vec![0xf0, 0x9f, 0x98]),
            Just(vec![0xed, 0xa0, 0x80]),
            Just(vec![0xf4, 0x90, 0x80, 0x80]),
            Just(vec![0x80]),
            any::<u8>().prop_map(|byte| vec![byte]),
        ];
        let runs = (unit.clone(), 1..4000_usize).prop_map(|(unit, times)| unit.repeat(times));
        let mixes = prop::collection::vec(unit, 0..600).prop_map(|units| units.concat());
        prop_oneof![runs, mixes]
    }

    proptest! {
        #[test]
        fn the_excerpt_is_that_of_decoding_everything(
            pieces in prop::collection::vec(piece(), 0..8),
            cut in 1..20_000_usize,
            limit in 0..=MAXIMUM_LIMIT,
        ) {
            let everything = pieces.concat();
            let mut capture = Capture::default();
            for chunk in everything.chunks(cut) {
                capture.push(chunk);
            }
            prop_assert_eq!(capture.length(), everything.len() as u64);
            let expected = Excerpt::of(&String::from_utf8_lossy(&everything), limit);
            prop_assert_eq!(capture.excerpt(limit), expected);
        }

        #[test]
        fn where_a_stream_is_cut_makes_no_difference(
            pieces in prop::collection::vec(piece(), 0..8),
            limit in 0..=MAXIMUM_LIMIT,
        ) {
            let mut in_pieces = Capture::default();
            for piece in &pieces {
                in_pieces.push(piece);
            }
            let mut whole = Capture::default();
            whole.push(&pieces.concat());
            prop_assert_eq!(in_pieces.excerpt(limit), whole.excerpt(limit));
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut capture = Capture::default();
        for _ in 0..1000 {
            capture.push(&[b'x'; 10_000]);
        }
        assert_eq!(capture.length(), 10_000_000);
        assert!(capture.head.len() + capture.tail.len() <= HEAD_BYTES + 2 * TAIL_BYTES);
    }
}
