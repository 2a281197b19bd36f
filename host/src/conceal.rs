//! Hides secrets in this process's own command line, which everybody on the machine can read.

use std::fs;

/// What a secret is overwritten with.
const MASK: u8 = b'x';

/// Overwrites the `keys` of `arguments` where the kernel shows them: each from a byte of an argument to its end.
///
/// What was read of the arguments before is not changed by it. Where the system does not tell where they are (it is
/// Linux that does), nothing happens.
pub fn conceal(arguments: &[Vec<u8>], keys: impl Iterator<Item = (usize, usize)>) {
    let mut keys = keys.peekable();
    if keys.peek().is_none() {
        return;
    }
    let Some(memory) = memory_of(arguments) else { return };
    for (index, start) in keys {
        let (Some(argument), Some(before)) = (arguments.get(index), arguments.get(..index)) else { continue };
        let offset: usize = before.iter().map(|argument| argument.len() + 1).sum();
        if let Some(length) = argument.len().checked_sub(start) {
            overwrite(memory + offset + start, length);
        }
    }
}

/// The address of the first argument's first byte, if what the kernel shows from there on is `arguments`.
fn memory_of(arguments: &[Vec<u8>]) -> Option<usize> {
    let shown = fs::read("/proc/self/cmdline").ok()?;
    let expected: Vec<u8> = arguments.iter().flat_map(|argument| argument.iter().copied().chain([0])).collect();
    if shown != expected {
        return None;
    }
    // proc_pid_stat(5): the name of the program, which may hold anything, ends with the last parenthesis. The field
    // after it is the third, and `arg_start` the 48th.
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(48 - 3)?.parse().ok().filter(|address| *address != 0)
}

#[expect(unsafe_code, reason = "nobody but us hides what the kernel shows of this process")]
fn overwrite(address: usize, length: usize) {
    // SAFETY: the bytes are inside the argument strings of this process: the kernel says where they begin, and that they
    // are these arguments has been checked. They are writable, live as long as the process, and nothing reads them any
    // more: the arguments were copied before, and no other thread exists yet.
    unsafe { std::ptr::with_exposed_provenance_mut::<u8>(address).write_bytes(MASK, length) };
}
