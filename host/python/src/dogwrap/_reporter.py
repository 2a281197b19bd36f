"""Reporters: whoever has runs to report asks one, and is done in a few milliseconds whatever becomes of the events."""

from __future__ import annotations

import math
import os
import shlex
import time
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

from . import _rules
from ._directories import Unusable
from ._exchange import Session
from ._machine import host_name
from ._outbox import Outbox
from ._state import location
from ._steps import Destination, Impossible
from ._text import clean, shown
from ._values import (
    Exited,
    FinishedRun,
    InvalidSettings,
    Outcome,
    Priority,
    Report,
    Settings,
    SubmitMode,
)
from ._watch import Watch

# The codes that the component takes. No run ends with any other, so that one out of their range never matches.
_LEAST_CODE, _GREATEST_CODE = -(2**31), 2**31 - 1


class Reporter:
    """Reports runs to Datadog. One is enough for a process; it can be used from any thread, and in children.

    Nothing that happens to an event is an error for whoever reports: it is logged, to the logger `dogwrap`.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        site: str | None = None,
        submit_mode: SubmitMode = "errors",
        warning_codes: Iterable[int] = (),
        priority: Priority | None = None,
        tags: str | Iterable[str] = (),
        notify_success: str = "",
        notify_error: str = "",
        notify_warning: str = "",
        send_metric: bool = False,
        spool_dir: str | os.PathLike[str] | None = None,
        no_spool: bool = False,
        delivery_timeout: float = 10.0,
        host: str | None = None,
        session: Session | None = None,
    ) -> None:
        """Each setting is the option of `dogwrap` with the same name. Raises `InvalidSettings` for what makes no sense.

        `api_key` is by default that of `DD_API_KEY`, then of `DATADOG_API_KEY`; without one, events are kept.
        `site` is by default that of `DD_SITE`. `host` is by default the name of this machine, looked up once something
        is reported. `delivery_timeout` is in seconds: one delivery takes no longer. `session` sends the requests, with
        its own proxies and certificates: a session of `requests`, or what has the same `post`.
        """
        if submit_mode not in get_args(SubmitMode):
            raise InvalidSettings(f"submit mode '{submit_mode}': it is one of {', '.join(get_args(SubmitMode))}")
        if priority is not None and priority not in get_args(Priority):
            raise InvalidSettings(f"priority '{priority}': it is one of {', '.join(get_args(Priority))}")
        if not 0 <= delivery_timeout < math.inf:
            raise InvalidSettings(f"delivery timeout {delivery_timeout}: it is a number of seconds")
        site = site if site is not None else os.environ.get("DD_SITE") or None
        self._settings = Settings(
            submit_mode=submit_mode,
            warning_codes=tuple(max(_LEAST_CODE, min(int(code), _GREATEST_CODE)) for code in warning_codes),
            priority=priority,
            tags=tuple(clean(tag) for tag in (tags.split(",") if isinstance(tags, str) else tags)),
            notify_success=clean(notify_success),
            notify_error=clean(notify_error),
            notify_warning=clean(notify_warning),
            send_metric=bool(send_metric),
            site=site and clean(site),
            host=host and clean(host),
        )
        variables = (os.environ.get("DD_API_KEY"), os.environ.get("DATADOG_API_KEY"))
        destination = Destination(self._settings.site, api_key or next(filter(None, variables), None))
        self._api = _api(self._settings, destination)
        self._delivery_timeout = float(delivery_timeout)
        directory = None if no_spool else _directory(spool_dir)
        advice = _advice(api_key, site, spool_dir)
        self._outbox = Outbox(self._api, destination, directory, self._delivery_timeout, session, advice)

    def __repr__(self) -> str:
        return f"Reporter(api={self._api!r}, submit_mode={self._settings.submit_mode!r})"

    def report(
        self,
        *,
        outcome: Outcome,
        duration: float,
        job: str | None = None,
        command: str | None = None,
        ended_at: float | None = None,
        stdout: str | bytes | None = None,
        stderr: str | bytes | None = None,
    ) -> Report:
        """Reports a run that is over, and returns what it is worth: the event is then kept, and delivered soon.

        `command` is what was run, as people know it: a command line, or the name of a function; by default `job`.
        `duration` and `ended_at` are in seconds, the latter since 1970, and by default now. Raises `InvalidRun` for a
        run that cannot be, `RulesFailed` should the component fail, and nothing for what the network or the disk does.
        """
        run = _finished(outcome, duration, job, command, ended_at, stdout, stderr)
        settings = self._settings
        report = _rules.judge(run, settings)
        if not report.requests:
            self._outbox.deliver_what_waits()
            return report
        if settings.host is None:
            settings = settings._replace(host=host_name())
            report = _rules.judge(run, settings)
        self._outbox.add(run, settings, report)
        return report

    def judge(
        self,
        *,
        outcome: Outcome,
        duration: float,
        job: str | None = None,
        command: str | None = None,
        ended_at: float | None = None,
        stdout: str | bytes | None = None,
        stderr: str | bytes | None = None,
    ) -> Report:
        """Returns what `report` does, and delivers nothing. No name of this machine is looked up for it."""
        return _rules.judge(_finished(outcome, duration, job, command, ended_at, stdout, stderr), self._settings)

    def watch(self, job: str, command: str | None = None) -> Watch:
        """Reports what is done in `with reporter.watch("nightly"):`, or in a function that this decorates.

        An exception is a failure, whose stack trace the event shows. It goes on as it was.
        """
        return Watch(self.report, job, command)

    def flush(self, timeout: float | None = None) -> int:
        """Waits until what waits for this site and key is delivered, or has failed. Returns how much of it is left;
        without a key, how much waits for anybody.

        That includes what was kept by others, and what lacks a key that the API accepts. `timeout` is in seconds, and
        by default the delivery timeout.
        """
        return self._outbox.flush(self._delivery_timeout if timeout is None else timeout)

    def close(self, timeout: float | None = None) -> None:
        """Waits for a delivery that is under way, by default as long as one may take. What is left is kept.

        The end of the interpreter does the same. A reporter that is closed can be used again.
        """
        self._outbox.close(timeout)


def _finished(
    outcome: Outcome,
    duration: float,
    job: str | None,
    command: str | None,
    ended_at: float | None,
    stdout: str | bytes | None,
    stderr: str | bytes | None,
) -> FinishedRun:
    return FinishedRun(
        job=job and clean(job),
        command=clean(command if command is not None else job or ""),
        outcome=outcome,
        duration=float(duration),
        ended_at=time.time() if ended_at is None else float(ended_at),
        stdout=shown(stdout or ""),
        stderr=shown(stderr or ""),
    )


def _api(settings: Settings, destination: Destination) -> str:
    """The address of the API. Raises `InvalidSettings` for what the component refuses."""
    made_up = FinishedRun(None, "true", Exited(0), 0.0, 0.0, "", "")
    _rules.next_step(Impossible(""), 1, destination, 0.0, 0)
    return _rules.judge(made_up, settings).api


def _directory(spool_dir: str | os.PathLike[str] | None) -> Path | str:
    try:
        return location(spool_dir)
    except Unusable as error:
        return str(error)


def _advice(api_key: str | None, site: str | None, spool_dir: str | os.PathLike[str] | None) -> str:
    """The command that delivers what was kept, with what the environment does not give."""
    words = [] if api_key is None and "DD_API_KEY" in os.environ else ["DD_API_KEY=..."]
    words += ["dogwrap", "--flush"]
    if spool_dir is not None:
        words += ["--spool_dir", shlex.quote(os.fspath(spool_dir))]
    if site is not None and site != os.environ.get("DD_SITE"):
        words += ["--site", shlex.quote(site.rsplit("@", 1)[-1])]
    return " ".join(words)
