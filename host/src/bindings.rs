//! The host's side of the interfaces in `wit/`.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "dogwrap:wrapper/capabilities",
    imports: {
        "dogwrap:wrapper/machine.look-up-name": async | trappable,
        default: trappable,
    },
    with: {
        "wasi": wasmtime_wasi::p2::bindings,
        "dogwrap:wrapper/process.child": crate::process::Child,
    },
    require_store_data_send: true,
});
