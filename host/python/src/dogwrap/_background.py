"""A thread of a process that does one thing whenever somebody asks for it, and again later while something is left."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable

_LOG = logging.getLogger("dogwrap")

# What is left is done again after so many seconds.
_AGAIN = 60.0


class Background:
    """Does `work` in a daemon thread, which ends when there is nothing to do. `work` returns whether something is left.

    A child that is forked has a thread of its own, and does only what it was asked for itself.
    """

    def __init__(self, work: Callable[[], bool], patience_at_exit: float, forget: Callable[[], None]) -> None:
        self._work = work
        self._patience_at_exit = patience_at_exit
        self._forget = forget
        self._begin()
        _ALL.add(self)

    def _begin(self) -> None:
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None
        self._asked = 0
        self._done = 0
        self.closing = threading.Event()
        """Set while somebody waits for the thread to end."""

    def after_fork(self) -> None:
        """Has done nothing, and was asked for nothing."""
        self._begin()
        self._forget()

    def ask(self) -> int:
        """Asks for the work to be done from now on. Returns a ticket to wait with."""
        self.closing.clear()
        with self._condition:
            self._asked += 1
            if self._thread is None:
                self._start()
            self._condition.notify_all()
            return self._asked

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="dogwrap-delivers", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            # There are too many, or the interpreter is about to end.
            _LOG.warning("nothing can be delivered now: %s", error)
        else:
            self._thread = thread

    def wait(self, ticket: int, seconds: float) -> bool:
        """Waits until the work is done that was asked for. Returns whether it is."""
        with self._condition:
            return self._condition.wait_for(lambda: self._done >= ticket, seconds)

    def close(self, seconds: float) -> None:
        """Waits for what is under way, and has the thread end."""
        self.closing.set()
        with self._condition:
            self._condition.notify_all()
            if self._condition.wait_for(lambda: self._thread is None, seconds):
                self.closing.clear()

    def _run(self) -> None:
        is_left = False
        while True:
            with self._condition:
                if is_left and self._asked == self._done and not self.closing.is_set():
                    self._condition.wait(_AGAIN)
                if self._asked == self._done and (self.closing.is_set() or not is_left):
                    self._thread = None
                    self._condition.notify_all()
                    return
                ticket = self._asked
            try:
                is_left = self._work()
            except Exception as error:
                is_left = True
                _LOG.warning("delivering what waits has failed, and is tried again later: %s", error)
            with self._condition:
                self._done = ticket
                self._condition.notify_all()


_ALL: weakref.WeakSet[Background] = weakref.WeakSet()


def _after_fork() -> None:
    for background in list(_ALL):
        background.after_fork()


def _at_exit() -> None:
    began = time.monotonic()
    for background in list(_ALL):
        background.close(max(0.0, began + background._patience_at_exit - time.monotonic()))


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
