//! The components by themselves: what each can reach is what its world says, to the name, and the wrapper's is small.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use wit_component::DecodedWasm;
use wit_parser::{Resolve, WorldId, WorldItem, WorldKey};

/// The names of the interfaces that a world imports.
fn imports(resolve: &Resolve, world: WorldId) -> BTreeSet<String> {
    names(resolve, resolve.worlds[world].imports.iter())
}

/// The names of the interfaces that a world exports.
fn exports(resolve: &Resolve, world: WorldId) -> BTreeSet<String> {
    names(resolve, resolve.worlds[world].exports.iter())
}

fn names<'a>(resolve: &Resolve, items: impl Iterator<Item = (&'a WorldKey, &'a WorldItem)>) -> BTreeSet<String> {
    items.map(|(key, _)| resolve.name_world_key(key)).collect()
}

/// A component that is built: where it is, by the variable that says so or else by the name of its file.
fn bytes(variable: &str, file: &str) -> Vec<u8> {
    let path = std::env::var_os(variable)
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/components").join(file), PathBuf::from);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What is built of a world; the component is found as by [`bytes`].
fn built(variable: &str, file: &str) -> (Resolve, WorldId) {
    match wit_component::decode(&bytes(variable, file)).expect("it is a component") {
        DecodedWasm::Component(resolve, world) => (resolve, world),
        DecodedWasm::WitPackage(..) => panic!("{file} is a package of WIT, not a component"),
    }
}

/// The world of that name in the package of that directory.
fn documented(directory: &str, world: &str) -> (Resolve, WorldId) {
    let mut resolve = Resolve::default();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let (package, _) = resolve.push_dir(directory).expect("the directory is a valid package");
    let world = resolve.select_world(&[package], Some(world)).expect("there is a world of that name");
    (resolve, world)
}

#[test]
fn the_wrapper_imports_exactly_what_its_world_says() {
    let (built, built_world) = built("DOGWRAP_COMPONENT", "dogwrap.wasm");
    let (documented, world) = documented("wit", "wrapper");
    assert_eq!(imports(&built, built_world), imports(&documented, world));
    assert_eq!(exports(&built, built_world), exports(&documented, world));
}

/// It is in every program, and is loaded by every run.
#[test]
fn the_wrapper_is_small() {
    const MOST: usize = 450_000;
    let size = bytes("DOGWRAP_COMPONENT", "dogwrap.wasm").len();
    assert!(size <= MOST, "dogwrap.wasm has {size} bytes, and may have {MOST}");
}

#[test]
fn the_reporter_imports_exactly_what_its_world_says_and_nothing_of_ours() {
    let (built, built_world) = built("DOGWRAP_REPORT", "dogwrap-report.wasm");
    let (documented, world) = documented("wit", "reporter");
    assert_eq!(imports(&built, built_world), imports(&documented, world));
    assert_eq!(exports(&built, built_world), exports(&documented, world));
    assert!(imports(&built, built_world).iter().all(|name| name.starts_with("wasi:")));
}

#[test]
fn the_rules_alone_import_nothing_at_all() {
    let (built, built_world) = built("DOGWRAP_EVENTS", "dogwrap-events.wasm");
    let (documented, world) = documented("wit/events", "events");
    assert_eq!(imports(&built, built_world), BTreeSet::new());
    assert_eq!(exports(&built, built_world), exports(&documented, world));
    assert_eq!(exports(&built, built_world).len(), 3);
}
