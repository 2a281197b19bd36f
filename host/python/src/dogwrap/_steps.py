"""What comes of an attempt to send a request, and what the rules make of it. See wit/events/delivery.wit."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from ._values import Request


class Answered(NamedTuple):
    """There was an answer, also one that refuses the request."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Unanswered(NamedTuple):
    """There was no answer, for a reason that may pass by itself."""

    reason: str


class Impossible(NamedTuple):
    """There can be no answer until somebody changes something, or nobody has tried."""

    reason: str


Attempt: TypeAlias = Answered | Unanswered | Impossible


class Accepted(NamedTuple):
    """There is nothing left to do."""


class TryAgain(NamedTuple):
    """Try again after a pause, in seconds, or keep it when there is no time for that."""

    seconds: float
    reason: str


class Keep(NamedTuple):
    """Keep it for later."""

    reason: str


class SetAside(NamedTuple):
    """The API will never accept it."""

    reason: str


Step: TypeAlias = Accepted | TryAgain | Keep | SetAside


class Destination(NamedTuple):
    """To whom requests go. Nothing that is printed has the key in it."""

    site: str | None
    api_key: str | None

    def __repr__(self) -> str:
        return "Destination()"


Delivering: TypeAlias = Literal["unasked", "asked", "with-any-key"]


class File(NamedTuple):
    """A file to be written, by its path in the state directory."""

    path: str
    content: str


class Send(NamedTuple):
    """Send this."""

    request: Request


class TooOld(NamedTuple):
    """Write this in place of what waits: it has become too old for the API."""

    file: File


Waiting: TypeAlias = Send | TooOld | Literal["rests", "not-ours"]
