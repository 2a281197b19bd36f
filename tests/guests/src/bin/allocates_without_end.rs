//! Fills one piece of memory after the other.

const PIECE: usize = 1024 * 1024;

fn main() {
    loop {
        let mut piece = Vec::new();
        if piece.try_reserve_exact(PIECE).is_err() {
            std::process::abort();
        }
        piece.resize(PIECE, 1_u8);
        std::mem::forget(std::hint::black_box(piece));
    }
}
