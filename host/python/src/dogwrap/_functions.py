"""Functions of a component whose types are looked up once.

The library asks the component for the type of each record and field at each call, which takes longer than the call.
These types remember the answers. They are made of the library's own, whose inner workings are those of the one major
version that this package allows.
"""

from __future__ import annotations

from functools import cached_property
from types import SimpleNamespace
from typing import Any, cast

from wasmtime import Store
from wasmtime.component import (
    Func,
    ListType,
    OptionType,
    RecordType,
    ResultType,
    TupleType,
    ValType,
    VariantType,
)


class QuickFunc(Func):
    """A function that remembers its type."""

    _known: Any

    @classmethod
    def of(cls, function: Func, store: Store) -> QuickFunc:
        """The same function."""
        made = cast(QuickFunc, cls._from_raw(function._func))
        known = function.type(store)
        parameters = [(name, _remembering(kind)) for name, kind in known.params]
        made._known = SimpleNamespace(params=parameters, result=known.result and _remembering(known.result))
        return made

    def type(self, store: Any) -> Any:
        """Its type."""
        return self._known


class _Record(RecordType):
    @cached_property
    def fields(self) -> list[tuple[str, ValType]]:
        return [(name, _remembering(kind)) for name, kind in super().fields]


class _Tuple(TupleType):
    @cached_property
    def elements(self) -> list[ValType]:
        return [_remembering(kind) for kind in super().elements]


class _List(ListType):
    @cached_property
    def element(self) -> ValType:
        return _remembering(super().element)


class _Cases:
    """What has cases, one of which a value is."""

    @cached_property
    def _known_cases(self) -> list[tuple[str, ValType | None]]:
        return [(name, kind and _remembering(kind)) for name, kind in super()._cases()]  # type: ignore[misc]

    @cached_property
    def _is_tagged(self) -> bool:
        return bool(super()._tagged())  # type: ignore[misc]

    def _cases(self) -> list[tuple[str, ValType | None]]:
        return self._known_cases

    def _tagged(self) -> bool:
        return self._is_tagged


class _Variant(_Cases, VariantType):
    pass


class _Option(_Cases, OptionType):
    pass


class _Result(_Cases, ResultType):
    pass


_REMEMBERING: dict[type[ValType], Any] = {
    RecordType: _Record,
    TupleType: _Tuple,
    ListType: _List,
    VariantType: _Variant,
    OptionType: _Option,
    ResultType: _Result,
}


def _remembering(kind: ValType) -> ValType:
    """The same type, which asks only once for what it is made of."""
    better = _REMEMBERING.get(type(kind))
    return kind if better is None else cast(ValType, better._from_ptr(cast(Any, kind)._consume()))
