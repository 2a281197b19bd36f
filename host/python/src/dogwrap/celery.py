"""Celery: reports its tasks, by the signals of workers."""

from __future__ import annotations

import signal
import time
from collections import deque
from typing import Any

from celery import signals

from ._plugin import harmless
from ._reporter import Reporter
from ._values import Exited, Outcome, Signaled, TimedOut

# Of so many tasks that go on in one process it is known when they began.
_MAXIMUM_RUNNING = 10_000


def connect(reporter: Reporter) -> None:
    """Has `reporter` report each task of the workers of this process.

    A retry is not yet an end, and not reported. Of a task whose process is gone it is not known how
    long it took.
    """
    listener = _Listener(reporter)
    for of, receiver in (
        (signals.task_prerun, listener.began),
        (signals.task_success, listener.succeeded),
        (signals.task_failure, listener.failed),
        (signals.task_revoked, listener.revoked),
        (signals.worker_process_shutdown, listener.process_ends),
    ):
        of.connect(harmless(receiver), weak=False, dispatch_uid=f"dogwrap.{receiver.__name__}.{id(reporter)}")


class _Listener:
    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._began: dict[str, float] = {}
        self._timed_out: deque[str] = deque(maxlen=100)

    def began(self, task_id: str, **_: Any) -> None:
        """A task begins in this process."""
        if len(self._began) < _MAXIMUM_RUNNING:
            self._began[task_id] = time.monotonic()

    def succeeded(self, sender: Any, **_: Any) -> None:
        """A task has ended as it should."""
        self._report(sender.name, sender.request.id, Exited(0), "")

    def failed(self, sender: Any, task_id: str, exception: BaseException, einfo: Any = None, **_: Any) -> None:
        """A task has raised an exception, has run into its time limit, or its process is gone."""
        # By name: they are billiard's, and whether that is how Celery runs its tasks is not for us to know.
        limit = type(exception).__name__
        if limit == "TimeLimitExceeded" and self._is_told_again(task_id):
            return
        outcome = TimedOut() if limit in ("TimeLimitExceeded", "SoftTimeLimitExceeded") else Exited(1)
        # A process that is killed for a hard limit is another one than this: what it took is the limit.
        known = float(exception.args[0]) if limit == "TimeLimitExceeded" and exception.args else 0.0
        trace = getattr(einfo, "traceback", None) or repr(exception)
        self._report(sender.name, task_id, outcome, str(trace), known)

    def revoked(self, sender: Any, request: Any, terminated: bool, signum: Any = None, **_: Any) -> None:
        """A task was revoked: while it ran, or before that. One that was called off before it began is no failure."""
        if terminated:
            number = int(getattr(signal, signum, signal.SIGTERM)) if isinstance(signum, str) else int(signum or 15)
            self._report(sender.name, request.id, Signaled(number), "the task was revoked and terminated")

    def process_ends(self, **_: Any) -> None:
        """A process of the pool ends, without what Python does at its end."""
        self._reporter.close()

    def _is_told_again(self, task_id: str) -> bool:
        """Whether it is for the second time: Celery says twice that a task has run into a hard limit."""
        if task_id in self._timed_out:
            self._timed_out.remove(task_id)
            return True
        self._timed_out.append(task_id)
        return False

    def _report(self, name: str, task_id: str, outcome: Outcome, stderr: str, known: float = 0.0) -> None:
        """Reports a task, which has taken as long as is `known` where this process has not seen it begin."""
        began = self._began.pop(task_id, None)
        duration = known if began is None else time.monotonic() - began
        self._reporter.report(
            job=name, command=f"celery task {name}", outcome=outcome, duration=duration, stderr=stderr
        )
