"""The rules: the functions of the component, with Python's types. See wit/events for what each of them means."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from wasmtime.component import Variant

from ._component import call
from ._steps import (
    Accepted,
    Answered,
    Attempt,
    Delivering,
    Destination,
    File,
    Impossible,
    Keep,
    Send,
    SetAside,
    Step,
    TooOld,
    TryAgain,
    Unanswered,
    Waiting,
)
from ._values import (
    Event,
    Exited,
    FinishedRun,
    InvalidRun,
    InvalidSettings,
    Outcome,
    Report,
    Request,
    Settings,
    Signaled,
    TimedOut,
)


def judge(run: FinishedRun, settings: Settings) -> Report:
    """Judges a run. Raises `InvalidRun` or `InvalidSettings` for what makes no sense."""
    report = _value(call("reporting", "judge", _run(run), _record(settings)))
    event = _get(report, "event")
    return Report(
        alert_type=_get(report, "alert-type"),
        event=event and _event(event),
        requests=tuple(_request(request) for request in _get(report, "requests")),
        api=_get(report, "api"),
        exit_status=_get(report, "exit-status"),
    )


def next_step(attempt: Attempt, attempts: int, destination: Destination, now: float, random: int) -> Step:
    """What to do after `attempts` of them, of which the last ended as `attempt`."""
    step = _value(call("delivery", "next", _attempt(attempt), attempts, _record(destination), now, random))
    match step.tag:
        case "accepted":
            return Accepted()
        case "try-again":
            return TryAgain(_get(step.payload, "seconds"), _get(step.payload, "reason"))
        case "keep":
            return Keep(step.payload)
        case _:
            return SetAside(step.payload)


def keep(
    run: FinishedRun,
    settings: Settings,
    index: int,
    attempt: Attempt,
    destination: Destination,
    now: float,
    run_identity: int,
    salt: bytes,
) -> File | None:
    """The file that keeps the request at `index` of those that report `run`."""
    randomness = SimpleNamespace(run=run_identity, salt=salt)
    arguments = (_run(run), _record(settings), index, _attempt(attempt), _record(destination), now, randomness)
    return _file(_value(call("delivery", "keep", *arguments)))


def look(
    name: str, content: str, destination: Destination, delivering: Delivering, is_reachable: bool, now: float
) -> Waiting:
    """What to do with something that waits."""
    arguments = (name, content, _record(destination), delivering, is_reachable, now)
    waiting = _value(call("delivery", "look", *arguments))
    match waiting.tag:
        case "send":
            return Send(_request(waiting.payload))
        case "too-old":
            return TooOld(File(_get(waiting.payload, "path"), _get(waiting.payload, "content")))
        case "rests":
            return "rests"
        case _:
            return "not-ours"


def failed_again(name: str, content: str, attempt: Attempt, destination: Destination, now: float) -> File | None:
    """The file in place of one that waits, whose delivery has failed once more."""
    arguments = (name, content, _attempt(attempt), _record(destination), now)
    return _file(_value(call("delivery", "failed-again", *arguments)))


def excess(stored: list[tuple[str, int]], now: float) -> list[tuple[str, str]]:
    """The names of files that are more than is kept, of those with these names and sizes, and why."""
    files = [SimpleNamespace(name=name, bytes=size) for name, size in stored]
    superfluous = call("delivery", "excess", files, now)
    return [(_get(file, "name"), _get(file, "reason")) for file in superfluous]


def claim(name: str, until: float) -> str:
    """What a file is called while it is being sent, until this time."""
    claimed: str = call("delivery", "claim", name, until)
    return claimed


def reclaim(name: str, holds_lock: bool, now: float) -> str | None:
    """What to call a file whose claimant is gone."""
    unclaimed: str | None = call("delivery", "reclaim", name, holds_lock, now)
    return unclaimed


def host_name(
    environment: str | None,
    datadog_conf: str | None,
    datadog_yaml: str | None,
    canonical_name: str | None,
    host_name: str | None,
) -> str | None:
    """The name of the machine, from whatever is known of it."""
    sources = {
        "environment": environment,
        "datadog-conf": datadog_conf,
        "datadog-yaml": datadog_yaml,
        "canonical-name": canonical_name,
        "host-name": host_name,
    }
    name: str | None = call("machine", "host-name", SimpleNamespace(**sources))
    return name


def _record(data: FinishedRun | Settings | Destination) -> SimpleNamespace:
    """The record that plain data is in WIT."""
    fields = data._asdict().items()
    return SimpleNamespace(
        **{name.replace("_", "-"): list(value) if isinstance(value, tuple) else value for name, value in fields}
    )


def _run(run: FinishedRun) -> SimpleNamespace:
    record = _record(run)
    record.outcome = _outcome(run.outcome)
    return record


def _outcome(outcome: Outcome) -> Variant:
    match outcome:
        case Exited(status):
            return Variant("exited", status)
        case Signaled(signal):
            return Variant("signaled", signal)
        case TimedOut():
            return Variant("timed-out")
        case _:
            raise InvalidRun(f"outcome {outcome!r}: it is Exited, Signaled or TimedOut")


def _attempt(attempt: Attempt) -> Variant:
    match attempt:
        case Answered(status, headers, body):
            return Variant("answered", SimpleNamespace(status=status, headers=list(headers), body=body))
        case Unanswered(reason):
            return Variant("unanswered", reason)
        case Impossible(reason):
            return Variant("impossible", reason)


def _event(event: Any) -> Event:
    return Event(
        title=event.title,
        text=event.text,
        alert_type=_get(event, "alert-type"),
        aggregation_key=_get(event, "aggregation-key"),
        host=event.host,
        priority=event.priority,
        tags=tuple(event.tags),
    )


def _request(request: Any) -> Request:
    return Request(request.method, request.path, tuple(request.headers), request.body)


def _file(file: Any) -> File | None:
    return file and File(file.path, file.content)


def _get(record: Any, name: str) -> Any:
    """A field, whose name in WIT need not be one in Python."""
    return getattr(record, name)


def _value(result: Any) -> Any:
    """The value of a `result`, whose error is raised. One is tagged only where its type would not tell which it is."""
    if not isinstance(result, Variant):
        return result
    if result.tag == "ok":
        return result.payload
    invalid: Any = result.payload if result.tag == "err" else result
    match invalid.tag:
        case "site":
            raise InvalidSettings(f"the site makes no sense: {invalid.payload}")
        case "api-key":
            raise InvalidSettings(
                "the API key cannot be sent: it holds a blank, a line break or another character that no key has"
            )
        case "command":
            raise InvalidRun("there is no command: say what was run")
        case "duration":
            raise InvalidRun("the duration is negative or no number")
        case _:
            raise InvalidRun("the time of the end is negative or no number")
