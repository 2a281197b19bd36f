"""The component as native code: compiled once, and kept for other processes."""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import stat
import sys
from contextlib import suppress
from pathlib import Path

import wasmtime
from wasmtime import Config, Engine, WasmtimeError
from wasmtime.component import Component

from ._directories import Unusable, base, open_private

_LOG = logging.getLogger("dogwrap")


def engine() -> Engine:
    """The engine that compiles and runs the component."""
    configuration = Config()
    # Threads of a compiler do not survive a fork, and then the next compilation would wait for them forever.
    configuration.parallel_compilation = False
    return Engine(configuration)


def load(engine: Engine) -> Component:
    """The component, from the cache where it is there and can be used."""
    wasm = Path(__file__).with_name("dogwrap-events.wasm").read_bytes()
    directory = _open_cache()
    if directory is None:
        return Component(engine, wasm)
    try:
        name = _name(wasm)
        component = _read(engine, directory, name)
        if component is None:
            component = Component(engine, wasm)
            _write(directory, name, bytes(component.serialize()))
        return component
    finally:
        os.close(directory)


def _name(wasm: bytes) -> str:
    """What depends on something else has another name."""
    kind = f"{sys.platform}-{platform.machine()}".lower()
    return f"events-{hashlib.sha256(wasm).hexdigest()[:32]}-{_version_of_wasmtime()}-{kind}.cwasm"


def _version_of_wasmtime() -> str:
    """As its metadata is called. The standard library's reader of metadata takes longer than everything else here."""
    beside = Path(wasmtime.__file__).parent.parent.glob("wasmtime-*.dist-info")
    return min((path.stem for path in beside), default="wasmtime")


def _open_cache() -> int | None:
    """None where there is no directory that nobody else can write: what is in it is run."""
    parent = base("XDG_CACHE_HOME", ".cache")
    if parent is None:
        return None
    path = Path(parent) / "dogwrap"
    try:
        return open_private(path)
    except Unusable as error:
        _LOG.debug("nothing is kept in '%s', and the rules are compiled each time: it %s", path, error)
        return None


def _read(engine: Engine, directory: int, name: str) -> Component | None:
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
        with open(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
                return None
            return Component.deserialize(engine, file.read())
    except (OSError, WasmtimeError):
        return None


def _write(directory: int, name: str, code: bytes) -> None:
    unfinished = f"{name}.{os.urandom(8).hex()}.unfinished"
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with open(os.open(unfinished, flags, 0o600, dir_fd=directory), "wb") as file:
            file.write(code)
        os.rename(unfinished, name, src_dir_fd=directory, dst_dir_fd=directory)
    except OSError:
        # It is only slower without.
        with suppress(OSError):
            os.unlink(unfinished, dir_fd=directory)
