//! Hides secrets in this process's own command line, which everybody on the machine can read.

use crate::unchecked::CommandLine;

/// What a secret is overwritten with.
const MASK: u8 = b'x';

/// Overwrites the `keys` of `arguments` in the `command_line` that they were read from: each from a byte of an argument to
/// its end. What was read is not changed by it.
pub fn conceal(command_line: CommandLine, arguments: &[Vec<u8>], keys: impl Iterator<Item = (usize, usize)>) {
    let Some(memory) = command_line.words() else { return };
    for (index, start) in keys {
        let (Some(argument), Some(before)) = (arguments.get(index), arguments.get(..index)) else { continue };
        let offset: usize = before.iter().map(|argument| argument.len() + 1).sum();
        if let Some(secret) = memory.get_mut(offset + start..offset + argument.len()) {
            secret.fill(MASK);
        }
    }
}
