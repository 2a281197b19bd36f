//! Opens a file of the system by its absolute path.

use dogwrap_guests::{directory, report, run};
use wasi::filesystem::types::{DescriptorFlags, OpenFlags, PathFlags};

fn main() {
    let open = |path| directory().open_at(PathFlags::SYMLINK_FOLLOW, path, OpenFlags::empty(), DescriptorFlags::READ);
    report(["/etc/passwd", "//etc/passwd", "etc/passwd"].map(open));
    report(["/etc/passwd", "/state/../etc/passwd", "/"].map(std::fs::metadata));
    run()
}
