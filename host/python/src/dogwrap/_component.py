"""The component in this process: one instance, whose functions can be called from any thread, and after any fork."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import Any

from wasmtime import Engine, Store, Trap, WasmtimeError
from wasmtime.component import Component, Func, Linker

from . import _native_code
from ._functions import QuickFunc
from ._values import RulesFailed

_LOG = logging.getLogger("dogwrap")

_VERSION = "0.1.0"

# As much memory as the rules may take, in bytes: what they are given is hostile.
_MAXIMUM_MEMORY = 64 * 1024 * 1024

# One call at a time: an instance belongs to one thread. A signal's handler may call in between.
_LOCK = threading.RLock()

# Nobody else is in the middle of a call when a process forks, so that the child can go on with the same instance.
os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release)


class _Instance:
    """The component, and an instance of it."""

    def __init__(self, engine: Engine, component: Component) -> None:
        self._engine = engine
        self._component = component
        self._store: Store = Store(engine)
        self._functions: dict[tuple[str, str], Callable[..., Any]] = {}
        self.begin()

    def begin(self) -> None:
        """Makes a fresh instance. What an earlier one has done makes no difference to it."""
        self._store = Store(self._engine)
        self._store.set_limits(memory_size=_MAXIMUM_MEMORY)
        self._functions = {}
        self._instance = Linker(self._engine).instantiate(self._store, self._component)

    def call(self, interface: str, name: str, arguments: tuple[Any, ...]) -> Any:
        function = self._functions.get((interface, name))
        if function is None:
            function = self._functions[interface, name] = self._find(interface, name)
        return function(self._store, *arguments)

    def _find(self, interface: str, name: str) -> Func:
        exported = self._instance.get_export_index(self._store, f"dogwrap:events/{interface}@{_VERSION}")
        index = exported and self._instance.get_export_index(self._store, name, exported)
        function = index and self._instance.get_func(self._store, index)
        if not function:
            raise RulesFailed(f"the component has no function {interface}.{name}: it is of another version")
        return QuickFunc.of(function, self._store)


_instance: _Instance | None = None


def load() -> None:
    """Loads the component, if this process has not done so.

    Raises `RulesFailed` when that is not possible.
    """
    global _instance
    with _LOCK:
        if _instance is None:
            try:
                engine = _native_code.engine()
                _instance = _Instance(engine, _native_code.load(engine))
            except (OSError, WasmtimeError, Trap) as error:
                raise RulesFailed(f"the component with the rules cannot be loaded: {_first_line(error)}") from error


def call(interface: str, name: str, *arguments: Any) -> Any:
    """Calls a function of the component. Raises `RulesFailed` when it fails, and the next call begins anew."""
    with _LOCK:
        load()
        assert _instance is not None  # noqa: S101 - what `load` is for
        try:
            return _instance.call(interface, name, arguments)
        except (WasmtimeError, Trap) as error:
            _instance.begin()
            raise RulesFailed(f"the rules have failed in {interface}.{name}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
