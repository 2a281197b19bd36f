"""What a reporter has to deliver: kept at once, delivered in the background."""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from . import _rules
from ._background import Background
from ._delivery import Round, Sender, is_for
from ._directories import Unusable, words
from ._exchange import Session
from ._state import SPOOL, State
from ._steps import Accepted, Delivering, Destination, Impossible, Keep, SetAside, TryAgain
from ._values import FinishedRun, Report, Request, Settings

_LOG = logging.getLogger("dogwrap")

# How long it may take to note what has come of a delivery, in seconds.
_NOTING = 1.0

# So many requests wait in memory at most, where nothing can be kept on the disk.
_MAXIMUM_IN_MEMORY = 1000


class Outbox:
    """Where requests for one destination wait: files of the state directory, or memory where there is none."""

    def __init__(
        self,
        api: str,
        destination: Destination,
        directory: Path | str | None,
        timeout: float,
        session: Session | None,
        advice: str,
    ) -> None:
        """`directory` is the state directory, or why there is none, or none when nothing is to be kept on the disk.

        `advice` is how people deliver what waits.
        """
        self._api = api
        self._destination = destination
        self._directory = directory
        self._timeout = timeout
        self._session = session
        self._advice = advice
        self._own: set[str] = set()
        self._in_memory: deque[Request] = deque(maxlen=_MAXIMUM_IN_MEMORY)
        self._delivering: Delivering = "unasked"
        self._background = Background(self._deliver, timeout + _NOTING, self._forget)

    def add(self, run: FinishedRun, settings: Settings, report: Report) -> None:
        """Keeps the requests of a report, and has them delivered if that is possible now."""
        obstacle = self._obstacle()
        kept = 0
        if self._directory is not None:
            try:
                for _ in self._keep(run, settings, report, obstacle or "it was not sent yet"):
                    kept += 1
            except OSError as error:
                reason = str(error) if isinstance(error, Unusable) else words(error)
                _LOG.warning("report not kept: %s; it is delivered from memory", reason)
        not_kept = report.requests[kept:]
        if obstacle is not None:
            outlook = "and not kept" if not_kept else f"kept, deliver it with '{self._advice}'"
            _LOG.warning("report not delivered to %s: %s; %s", self._api, obstacle, outlook)
            return
        self._in_memory.extend(not_kept)
        self._background.ask()

    def deliver_what_waits(self) -> None:
        """Has delivered what waits, if anything does."""
        if self._obstacle() is None and self._in_state(lambda state: bool(state.names(SPOOL)), False):
            self._background.ask()

    def flush(self, seconds: float) -> int:
        """Waits until everything that waits was tried. Returns how much still waits."""
        if self._obstacle() is None:
            self._delivering = "asked"
            self._background.wait(self._background.ask(), seconds)
        return len(self._in_memory) + self._in_state(self._count, 0)

    def close(self, seconds: float | None) -> None:
        """Waits for a delivery that is under way, by default as long as one may take."""
        self._background.close(self._timeout + _NOTING if seconds is None else seconds)

    def _obstacle(self) -> str | None:
        """Why nothing can be delivered now."""
        if self._destination.api_key is None:
            return "no API key was given"
        return None if self._timeout > 0 else "no time was given to deliver it"

    def _keep(self, run: FinishedRun, settings: Settings, report: Report, reason: str) -> Iterator[None]:
        """Keeps one request after the other."""
        identity = int.from_bytes(os.urandom(8), "little")
        with self._open() as state:
            for index in range(len(report.requests)):
                salt, now = os.urandom(16), time.time()
                attempt = Impossible(reason)
                file = _rules.keep(run, settings, index, attempt, self._destination, now, identity, salt)
                if file is not None:
                    state.write(file.path, file.content)
                    self._own.add(os.path.basename(file.path))
                yield

    def _deliver(self) -> bool:
        """Delivers what waits. Returns whether some of it still does."""
        delivering, self._delivering = self._delivering, "unasked"
        sender = Sender(self._api, self._destination, self._timeout, self._session, self._background.closing)
        self._deliver_from_memory(sender)
        return bool(self._in_state(lambda state: Round(state, sender, delivering, self._own).deliver(), False))

    def _deliver_from_memory(self, sender: Sender) -> None:
        while self._in_memory:
            _, step = sender.submit(self._in_memory[0])
            match step:
                case Accepted():
                    pass
                case TryAgain(reason=reason) | Keep(reason) | SetAside(reason):
                    _LOG.warning("report not delivered to %s: %s; and not kept", self._api, reason)
            self._in_memory.popleft()

    def _count(self, state: State) -> int:
        if self._destination.api_key is None:
            # Whose it is cannot be told.
            return len(state.names(SPOOL))
        return sum(is_for(state, name, self._destination, "asked") for name in state.names(SPOOL))

    def _open(self) -> State:
        if not isinstance(self._directory, Path):
            raise Unusable(self._directory or "nothing is to be kept")
        return State(self._directory)

    def _in_state(self, work: Callable[[State], int], otherwise: int) -> int:
        """What `work` returns for the state directory; where that cannot be used, nothing waits."""
        if not isinstance(self._directory, Path):
            return otherwise
        try:
            with State(self._directory) as state:
                return work(state)
        except OSError as error:
            _LOG.debug("nothing that waits is delivered: %s", error)
            return otherwise

    def _forget(self) -> None:
        """A child delivers what it reports itself: the rest is its parent's."""
        self._own.clear()
        self._in_memory.clear()
        self._delivering = "unasked"
