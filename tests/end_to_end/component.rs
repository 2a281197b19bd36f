//! The component by itself: what it can reach is what its world says, to the name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use wit_component::DecodedWasm;
use wit_parser::{Resolve, WorldId, WorldItem, WorldKey};

/// The names of the interfaces that a world imports.
fn imports(resolve: &Resolve, world: WorldId) -> BTreeSet<String> {
    names(resolve, resolve.worlds[world].imports.iter())
}

fn names<'a>(resolve: &Resolve, items: impl Iterator<Item = (&'a WorldKey, &'a WorldItem)>) -> BTreeSet<String> {
    items.map(|(key, _)| resolve.name_world_key(key)).collect()
}

fn built_component() -> PathBuf {
    std::env::var_os("DOGWRAP_COMPONENT").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/wasm32-wasip2/component/dogwrap.wasm"),
        PathBuf::from,
    )
}

#[test]
fn the_component_imports_exactly_what_its_world_says() {
    let mut documented = Resolve::default();
    let (package, _) = documented.push_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("wit")).expect("wit/ is valid");
    let world = documented.select_world(&[package], Some("wrapper")).expect("there is a world called wrapper");

    let bytes = std::fs::read(built_component()).expect("`make component` has built it");
    let DecodedWasm::Component(built, built_world) = wit_component::decode(&bytes).expect("it is a component") else {
        panic!("what was built is a package of WIT, not a component");
    };

    assert_eq!(imports(&built, built_world), imports(&documented, world));
    let exports = names(&built, built.worlds[built_world].exports.iter());
    assert_eq!(exports, names(&documented, documented.worlds[world].exports.iter()));
}
