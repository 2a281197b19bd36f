//! Hides secrets in this process's own command line, which everybody on the machine can read.

use crate::unchecked;

/// What a secret is overwritten with.
const MASK: u8 = b'x';

/// Overwrites the `keys` of `arguments` where the kernel shows them: each from a byte of an argument to its end.
///
/// What was read of the arguments before is not changed by it. To be called once, before any thread is started.
pub fn conceal(arguments: &[Vec<u8>], keys: impl Iterator<Item = (usize, usize)>) {
    let mut keys = keys.peekable();
    if keys.peek().is_none() {
        return;
    }
    // Each argument ends with a zero byte there.
    let shown: Vec<u8> = arguments.iter().flat_map(|argument| argument.iter().copied().chain([0])).collect();
    let Some(memory) = unchecked::own_command_line(&shown) else { return };
    for (index, start) in keys {
        let (Some(argument), Some(before)) = (arguments.get(index), arguments.get(..index)) else { continue };
        let offset: usize = before.iter().map(|argument| argument.len() + 1).sum();
        if let Some(secret) = memory.get_mut(offset + start..offset + argument.len()) {
            secret.fill(MASK);
        }
    }
}
