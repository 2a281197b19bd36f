//! Reads and writes through symbolic links that lead out of the state directory: some lie there, some it makes.

use dogwrap_guests::{directory, report, run};
use wasi::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode, OpenFlags, PathFlags};

fn open(state: &Descriptor, path: &str, flags: DescriptorFlags) -> Result<Descriptor, ErrorCode> {
    state.open_at(PathFlags::SYMLINK_FOLLOW, path, OpenFlags::CREATE, flags)
}

fn main() {
    let state = directory();
    // It may make these; they lead nowhere.
    let _ = state.symlink_at("../secret", "made-relative");
    report([state.symlink_at("/etc/passwd", "made-absolute")]);
    let _ = state.symlink_at("..", "made-parent");
    for path in ["relative", "absolute", "parent/secret", "made-relative", "made-parent/secret"] {
        report([DescriptorFlags::READ, DescriptorFlags::WRITE].map(|flags| open(&state, path, flags)));
    }
    run()
}
