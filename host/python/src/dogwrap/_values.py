"""What goes into a report and what comes out of it: plain data, and the errors of settings and runs.

Most are named tuples: data classes would take longer to make than the component takes to load.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

SubmitMode: TypeAlias = Literal["errors", "warnings", "all"]
Priority: TypeAlias = Literal["normal", "low"]
AlertType: TypeAlias = Literal["success", "warning", "error"]


class DogwrapError(Exception):
    """Something is wrong with what this package was told, or with this package itself."""


class InvalidSettings(DogwrapError, ValueError):
    """Settings that make no sense, such as a site that does not exist. No message repeats a key."""


class InvalidRun(DogwrapError, ValueError):
    """A run that cannot be, such as one with a negative duration."""


class RulesFailed(DogwrapError, RuntimeError):
    """The component with the rules cannot be loaded, or has failed."""


@dataclass(frozen=True)
class Exited:
    """The run ended by itself. Of a job that is no process the status is 0, or 1 when it failed."""

    status: int

    def __post_init__(self) -> None:
        if not 0 <= self.status <= 255:
            raise InvalidRun(f"exit status {self.status}: it is between 0 and 255")


@dataclass(frozen=True)
class Signaled:
    """The signal with this number ended the run."""

    signal: int

    def __post_init__(self) -> None:
        if not 1 <= self.signal <= 255:
            raise InvalidRun(f"signal {self.signal}: it is between 1 and 255")


@dataclass(frozen=True)
class TimedOut:
    """The run had not ended when its time was over."""


Outcome: TypeAlias = Exited | Signaled | TimedOut


def outcome_of(returncode: int) -> Outcome:
    """How a process ended, from the `returncode` of `subprocess`: a negative one stands for a signal."""
    return Signaled(-returncode) if returncode < 0 else Exited(returncode)


class FinishedRun(NamedTuple):
    """A run that is over, as the component takes it. See `finished-run` in wit/events/reporting.wit."""

    job: str | None
    command: str
    outcome: Outcome
    duration: float
    ended_at: float
    stdout: str
    stderr: str


class Settings(NamedTuple):
    """How runs are reported, as the component takes it. See `settings` in wit/events/reporting.wit."""

    submit_mode: SubmitMode | None
    warning_codes: Sequence[int]
    priority: Priority | None
    tags: Sequence[str]
    notify_success: str
    notify_error: str
    notify_warning: str
    send_metric: bool
    site: str | None
    host: str | None


class Event(NamedTuple):
    """An event, with the fields of Datadog's API."""

    title: str
    text: str
    alert_type: AlertType
    aggregation_key: str
    host: str | None
    priority: Priority
    tags: tuple[str, ...]


class Request(NamedTuple):
    """A request to Datadog's API, which lacks only the header with the key. The body is JSON."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: str


class Report(NamedTuple):
    """What a run is worth."""

    alert_type: AlertType | None
    """What the run is reported as; none when it is not."""
    event: Event | None
    requests: tuple[Request, ...]
    """What submits the event, and the metric before it."""
    api: str
    """The address that the paths of requests follow."""
    exit_status: int
    """That of a program that stands for the run: 128 + S when signal S ended it, 124 when its time was over."""
