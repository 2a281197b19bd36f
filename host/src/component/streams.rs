//! Standard output and standard error as the component is linked to them: what it writes goes from its own memory to where
//! it leads, without a copy in between. All other streams are WASI's.

use std::sync::Weak;

use bytes::Bytes;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, WasmList};
use wasmtime_wasi::p2::bindings::io::streams;
use wasmtime_wasi::p2::{DynOutputStream, StreamResult};

use super::host::Host;
use crate::stdio::Output;

/// The handles that the component has of the two, and of which the stream is there as long as the handle.
pub type Handles = [Option<(u32, Weak<Output>)>; 2];

/// Has `linker` prefer this to what WASI's own implementation does.
pub fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    linker.instance("wasi:cli/stdout@0.2.12")?.func_wrap("get-stdout", |store, (): ()| lend(store, 0))?;
    linker.instance("wasi:cli/stderr@0.2.12")?.func_wrap("get-stderr", |store, (): ()| lend(store, 1))?;
    linker.instance("wasi:io/streams@0.2.12")?.func_wrap("[method]output-stream.write", write)?;
    linker.allow_shadowing(false);
    Ok(())
}

fn lend(mut store: StoreContextMut<'_, Host>, number: usize) -> wasmtime::Result<(Resource<DynOutputStream>,)> {
    let host = store.data_mut();
    let lent = host.outputs[number].lend();
    let output = lent.output();
    let stream: DynOutputStream = Box::new(lent);
    let handle = host.table.push(stream)?;
    host.handles[number] = Some((handle.rep(), output));
    Ok((handle,))
}

type Written = Result<(), streams::StreamError>;

fn write(
    mut store: StoreContextMut<'_, Host>,
    (stream, bytes): (Resource<DynOutputStream>, WasmList<u8>),
) -> wasmtime::Result<(Written,)> {
    let handle = store.data().handles.iter().flatten().find(|(handle, _)| *handle == stream.rep());
    let written = match handle.and_then(|(_, output)| output.upgrade()) {
        Some(output) => output.write_from(bytes.as_le_slice(&store)),
        None => {
            let bytes = Bytes::copy_from_slice(bytes.as_le_slice(&store));
            write_to(store.data_mut(), &stream, bytes)
        }
    };
    Ok((match written {
        Ok(()) => Ok(()),
        Err(error) => Err(streams::Host::convert_stream_error(&mut store.data_mut().table, error)?),
    },))
}

fn write_to(host: &mut Host, stream: &Resource<DynOutputStream>, bytes: Bytes) -> StreamResult<()> {
    host.table.get_mut(stream)?.write(bytes)
}
