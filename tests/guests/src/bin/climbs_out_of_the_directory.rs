//! Opens, makes and removes what is beside the state directory, by names that lead upwards.

use dogwrap_guests::{directory, report, run};
use wasi::filesystem::types::{DescriptorFlags, OpenFlags, PathFlags};

fn main() {
    let state = directory();
    state.create_directory_at("inner").expect("the directory may be written to");
    let open = |path| state.open_at(PathFlags::empty(), path, OpenFlags::empty(), DescriptorFlags::READ);
    report(["..", "../secret", "inner/../../secret", "./../secret", "inner/../..", "../dogwrap"].map(open));
    let make = |path| state.open_at(PathFlags::empty(), path, OpenFlags::CREATE, DescriptorFlags::WRITE);
    report(["../made", "inner/../../made"].map(make));
    report(["../secret", "inner/../../secret"].map(|path| state.unlink_file_at(path)));
    report([state.create_directory_at("../made"), state.rename_at("../secret", &state, "secret")]);
    report([state.link_at(PathFlags::empty(), "../secret", &state, "secret")]);
    run()
}
