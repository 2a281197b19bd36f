//! The host's side of the interfaces in `wit/`.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "dogwrap:wrapper/capabilities",
    imports: {
        "dogwrap:wrapper/machine.look-up-name": async | trappable,
        "dogwrap:wrapper/state.acquire": async | trappable,
        default: trappable,
    },
    with: {
        "wasi": wasmtime_wasi::p2::bindings,
        "dogwrap:wrapper/process.child": crate::process::Child,
        "dogwrap:wrapper/state.lock": crate::locks::Lock,
    },
    require_store_data_send: true,
});
