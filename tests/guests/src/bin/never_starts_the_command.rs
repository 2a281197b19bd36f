//! Pretends that the command has run.

fn main() {}
