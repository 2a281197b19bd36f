"""Delivering what waits in the state directory for one destination."""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import suppress
from typing import Literal

from . import _rules
from ._directories import words
from ._exchange import Session, post
from ._state import SET_ASIDE, SPOOL, State
from ._steps import (
    Accepted,
    Answered,
    Attempt,
    Delivering,
    Destination,
    Impossible,
    Keep,
    Send,
    SetAside,
    Step,
    TooOld,
    TryAgain,
)
from ._values import Request

_LOG = logging.getLogger("dogwrap")

# How the names of files end that nobody is sending.
_WAITS = ".json"

# A claim outlasts what it is for by this, in seconds: clocks and threads need not be exact.
_MARGIN = 10.0

# In less time than this, in seconds, no further attempt is made.
_LEAST_TIME = 0.1

# After so many failures one after the other, though each was answered, the others are left for later.
_FAILURES_IN_A_ROW = 3


class Sender:
    """Sends requests to one destination, again and again while that may help."""

    def __init__(
        self, api: str, destination: Destination, timeout: float, session: Session | None, closing: threading.Event
    ) -> None:
        self.api = api
        self.destination = destination
        self.timeout = timeout
        self.closing = closing
        """Set when no further attempts are to be made."""
        self._session = session

    def submit(self, request: Request, is_patient: bool = True) -> tuple[Attempt, Step]:
        """Sends a request, and returns what has come of it, and what is to be done then.

        An attempt that its time cuts short says nothing that an answer did not say better.
        """
        deadline = time.monotonic() + self.timeout
        told: tuple[Attempt, Step] | None = None
        attempts = 0
        while True:
            attempt = self._send(request, deadline - time.monotonic())
            attempts += 1
            now = time.time()
            chance = int.from_bytes(os.urandom(8), "little")
            step = _rules.next_step(attempt, attempts, self.destination, now, chance)
            if told is None or isinstance(attempt, Answered) or not isinstance(told[0], Answered):
                told = (attempt, step)
            if not isinstance(step, TryAgain) or not is_patient or self.closing.is_set():
                return told
            if time.monotonic() + step.seconds + _LEAST_TIME >= deadline:
                return told
            self.closing.wait(step.seconds)

    def _send(self, request: Request, seconds: float) -> Attempt:
        if self.destination.api_key is None:
            return Impossible("no API key was given")
        return post(self.api, request, self.destination.api_key, seconds, self._session)


class Round:
    """One pass over everything that waits for one destination."""

    def __init__(self, state: State, sender: Sender, delivering: Delivering, own: set[str]) -> None:
        self._state = state
        self._sender = sender
        self._delivering: Delivering = delivering
        self._own = own
        """The names of what this process has kept, and of which nothing was said yet."""
        self._failures_in_a_row = 0
        self._is_reachable = False
        self._is_hopeless = False

    def deliver(self) -> bool:
        """Delivers what this process has kept, then the rest, oldest first. Returns whether any of it still waits."""
        tidy(self._state)
        resting = 0
        kept_before = self._own.copy()
        found = self._state.names(SPOOL)
        names = [name for name in found if name.endswith(_WAITS)]
        # Others are delivering them, or have done so.
        self._own -= kept_before.difference(names)
        # Those who are at it may not live to end it.
        is_left = len(names) < len(found)
        for name in sorted(names, key=lambda name: (name not in self._own, name)):
            if self._is_hopeless or (self._sender.closing.is_set() and name not in self._own):
                return True
            match self._deliver(name):
                case "left":
                    is_left = True
                case "rests":
                    is_left = True
                    resting += 1
                    # The API was out of reach, and nothing says that it is not any more.
                    if resting >= _FAILURES_IN_A_ROW and not self._is_reachable:
                        return True
        return is_left

    def _deliver(self, name: str) -> Literal["gone", "left", "rests"]:
        """Delivers one."""
        content = self._state.read(f"{SPOOL}/{name}")
        if content is None:
            return "gone"
        destination, now = self._sender.destination, time.time()
        waiting = _rules.look(name, content, destination, self._delivering, self._is_reachable, now)
        if waiting == "not-ours" or waiting == "rests":
            return "rests" if waiting == "rests" else "gone"
        # Within this time it is sent, however often that is tried, or given back.
        claimed = _rules.claim(name, now + self._sender.timeout + _MARGIN)
        if not self._state.rename(f"{SPOOL}/{name}", f"{SPOOL}/{claimed}"):
            # Somebody else is at it.
            return "gone"
        try:
            if isinstance(waiting, TooOld):
                self._replace(name, claimed, waiting.file.path, waiting.file.content)
                return "gone"
            return "left" if self._send(name, claimed, content, waiting) else "gone"
        except OSError as error:
            _LOG.warning("%s: its delivery cannot be noted: %s", self._state.shown(f"{SPOOL}/{name}"), words(error))
            self._is_hopeless = True
            return "left"

    def _send(self, name: str, claimed: str, content: str, waiting: Send) -> bool:
        """Sends one that was claimed. Returns whether it still waits."""
        # Where the one before has failed, patience is at its end.
        attempt, step = self._sender.submit(waiting.request, is_patient=self._failures_in_a_row == 0)
        if isinstance(step, Accepted):
            self._is_reachable = True
            self._failures_in_a_row = 0
            self._own.discard(name)
            self._state.remove(f"{SPOOL}/{claimed}")
            return False
        again = _rules.failed_again(name, content, attempt, self._sender.destination, time.time())
        if again is None:
            self._state.rename(f"{SPOOL}/{claimed}", f"{SPOOL}/{name}")
            return True
        self._say(name, step)
        self._replace(name, claimed, again.path, again.content)
        if isinstance(step, SetAside):
            self._failures_in_a_row = 0
            return False
        self._failures_in_a_row += 1
        is_answered = isinstance(attempt, Answered) and isinstance(step, TryAgain)
        self._is_hopeless = not is_answered or self._failures_in_a_row >= _FAILURES_IN_A_ROW
        return True

    def _replace(self, name: str, claimed: str, path: str, content: str) -> None:
        """Writes what is to stand in place of something that was claimed, or else has that wait as before."""
        try:
            self._state.write(path, content)
        except OSError:
            with suppress(OSError):
                self._state.rename(f"{SPOOL}/{claimed}", f"{SPOOL}/{name}")
            raise
        self._state.remove(f"{SPOOL}/{claimed}")
        if path.startswith(SET_ASIDE):
            self._own.discard(name)

    def _say(self, name: str, step: Step) -> None:
        """Says once of what this process has kept why it still waits, and of everything why it does not any more."""
        if isinstance(step, SetAside):
            shown = self._state.shown(f"{SET_ASIDE}/{name}")
            _LOG.warning("set aside, it will never be accepted: %s; see %s", step.reason, shown)
        elif isinstance(step, TryAgain | Keep) and name in self._own:
            self._own.discard(name)
            _LOG.warning("report not delivered to %s: %s; kept for later", self._sender.api, step.reason)


def is_for(state: State, name: str, destination: Destination, delivering: Delivering) -> bool:
    """Whether the file of this name waits, or is being sent, for this destination."""
    content = state.read(f"{SPOOL}/{name}")
    if content is None:
        return False
    return _rules.look(name, content, destination, delivering, True, time.time()) != "not-ours"


def tidy(state: State) -> None:
    """Has wait again what deliverers that are gone were sending, and removes what is more than is kept."""
    names = state.names(SPOOL)
    with state.locked() as holds_lock:
        for claimed in names:
            if not claimed.endswith(_WAITS):
                name = _rules.reclaim(claimed, holds_lock, time.time())
                if name is not None:
                    state.rename(f"{SPOOL}/{claimed}", f"{SPOOL}/{name}")
    for directory in (SPOOL, SET_ASIDE):
        state.remove_abandoned(directory)
        for name, reason in _rules.excess(state.sizes(directory), time.time()):
            if state.remove(f"{directory}/{name}"):
                _LOG.warning("lost for good, %s: %s", reason, state.shown(f"{directory}/{name}"))
