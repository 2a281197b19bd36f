"""Code whose end is reported: a `with` block, or a function."""

from __future__ import annotations

import logging
import signal
import time
import traceback
from collections.abc import Callable
from contextlib import ContextDecorator
from types import TracebackType

from ._values import Exited, Outcome, Report, Signaled

_LOG = logging.getLogger("dogwrap")


class Watch(ContextDecorator):
    """Reports a run when it ends. Made by `Reporter.watch`."""

    def __init__(self, report: Callable[..., Report], job: str, command: str | None) -> None:
        self._report = report
        self._job = job
        self._command = command
        self._started = 0.0

    def __enter__(self) -> None:
        self._started = time.monotonic()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            self._report(
                job=self._job,
                command=self._command or self._job,
                outcome=_outcome(error),
                duration=time.monotonic() - self._started,
                stderr=trace(error),
            )
        except Exception as failure:
            # Whatever is wrong with us is no reason for the job to fail.
            _LOG.error("'%s' cannot be reported: %s", self._job, failure)

    def _recreate_cm(self) -> Watch:
        """Each call of a decorated function is a run of its own."""
        return Watch(self._report, self._job, self._command)


def trace(error: BaseException | None) -> str:
    """The stack trace of an error."""
    return "" if error is None else "".join(traceback.format_exception(error))


def _outcome(error: BaseException | None) -> Outcome:
    match error:
        case None:
            return Exited(0)
        case SystemExit(code=None):
            return Exited(0)
        case SystemExit(code=int(code)):
            return Exited(code % 256)
        case KeyboardInterrupt():
            return Signaled(signal.SIGINT)
        case _:
            return Exited(1)
