"""APScheduler: reports its jobs, by listeners for its events."""

from __future__ import annotations

import threading
import time
import traceback
from collections import OrderedDict
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from apscheduler.events import (
    EVENT_JOB_ADDED,
    EVENT_JOB_ERROR,
    EVENT_JOB_EXECUTED,
    EVENT_JOB_MISSED,
    EVENT_JOB_MODIFIED,
    EVENT_JOB_SUBMITTED,
    EVENT_SCHEDULER_STARTED,
    JobEvent,
    JobExecutionEvent,
    JobSubmissionEvent,
    SchedulerEvent,
)
from apscheduler.job import Job
from apscheduler.schedulers.base import BaseScheduler

from ._plugin import harmless
from ._reporter import Reporter
from ._values import Exited

# Of so many jobs, and of so many runs, something is known at most.
_MAXIMUM = 10_000

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def listen(scheduler: BaseScheduler, reporter: Reporter) -> None:
    """Has `reporter` report each run of `scheduler`'s jobs. A run that was missed is a failure that says so."""
    listener = _Listener(scheduler, reporter)
    for function, events in (
        (listener.started, EVENT_SCHEDULER_STARTED),
        (listener.changed, EVENT_JOB_ADDED | EVENT_JOB_MODIFIED),
        (listener.submitted, EVENT_JOB_SUBMITTED),
        (listener.ended, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR | EVENT_JOB_MISSED),
    ):
        scheduler.add_listener(harmless(function), events)
    harmless(listener.learn_all)()


def _trace(event: JobExecutionEvent) -> str:
    """The stack trace of a failure: of a job that ran in another process, only the event has it."""
    if event.exception is None:
        return ""
    return "".join((event.traceback or "", *traceback.format_exception_only(event.exception)))


class _Names(NamedTuple):
    job: str
    command: str


class _Latest(Generic[_Key, _Value]):
    """What was noted last, for so many keys at most."""

    def __init__(self) -> None:
        self._values: OrderedDict[_Key, _Value] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, key: _Key, value: _Value) -> None:
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > _MAXIMUM:
                self._values.popitem(last=False)

    def get(self, key: _Key) -> _Value | None:
        return self._values.get(key)

    def pop(self, key: _Key) -> _Value | None:
        with self._lock:
            return self._values.pop(key, None)


class _Listener:
    def __init__(self, scheduler: BaseScheduler, reporter: Reporter) -> None:
        self._scheduler = scheduler
        self._reporter = reporter
        # A job that has no further runs is gone before the scheduler says that its last one has begun.
        self._names: _Latest[str, _Names] = _Latest()
        self._began: _Latest[tuple[str, datetime], float] = _Latest()

    def started(self, _: SchedulerEvent) -> None:
        """The scheduler has read its job stores."""
        self.learn_all()

    def learn_all(self) -> None:
        for job in self._scheduler.get_jobs():
            self._learn(job)

    def changed(self, event: JobEvent) -> None:
        """There is a job, or it is another now."""
        self._learn(self._scheduler.get_job(event.job_id, event.jobstore))

    def submitted(self, event: JobSubmissionEvent) -> None:
        """A job begins, for each of these times."""
        for scheduled in event.scheduled_run_times:
            self._began.note((event.job_id, scheduled), time.monotonic())

    def ended(self, event: JobExecutionEvent) -> None:
        """A run has ended, or was not begun in time."""
        now = time.monotonic()
        began = self._began.pop((event.job_id, event.scheduled_run_time))
        is_missed = event.code == EVENT_JOB_MISSED
        missed = f"the run scheduled for {event.scheduled_run_time} was missed"
        names = self._names.get(event.job_id) or _Names(event.job_id, event.job_id)
        self._reporter.report(
            job=names.job,
            command=names.command,
            outcome=Exited(1 if is_missed or event.exception else 0),
            # One that has ended before it was said to begin has taken no time.
            duration=0.0 if is_missed or began is None else now - began,
            stderr=missed if is_missed else _trace(event),
        )

    def _learn(self, job: Job | None) -> None:
        if job is not None:
            name = job.name or job.id
            self._names.note(job.id, _Names(name, job.func_ref or name))
