//! Bindings of what the host lends, sharing the types of the `wasi` crate.

wit_bindgen::generate!({
    path: "wit",
    world: "capabilities",
    with: {
        "wasi:clocks/monotonic-clock@0.2.12": wasi::clocks::monotonic_clock,
        "wasi:io/error@0.2.12": wasi::io::error,
        "wasi:io/poll@0.2.12": wasi::io::poll,
        "wasi:io/streams@0.2.12": wasi::io::streams,
    },
});

impl dogwrap::wrapper::signals::Signal {
    /// Whether people and systems end a program with it. The others mean what the command makes of them.
    pub fn asks_to_end(self) -> bool {
        !matches!(self, Self::User1 | Self::User2)
    }
}
