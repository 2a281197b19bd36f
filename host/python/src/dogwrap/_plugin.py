"""What plugins of schedulers share: nothing of ours gets in a scheduler's way."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec

_LOG = logging.getLogger("dogwrap")

_Parameters = ParamSpec("_Parameters")


def harmless(function: Callable[_Parameters, None]) -> Callable[_Parameters, None]:
    """The same function, whose errors are logged in one line and go no further."""

    @functools.wraps(function)
    def call(*arguments: _Parameters.args, **options: _Parameters.kwargs) -> None:
        try:
            function(*arguments, **options)
        except Exception as error:
            _LOG.error("a run cannot be reported: %s", " ".join(f"{type(error).__name__}: {error}".split()))

    return call
