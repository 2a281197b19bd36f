"""Reports the runs of jobs to Datadog, as events.

    reporter = dogwrap.Reporter(tags=["team:data"], notify_error="@oncall")
    with reporter.watch("nightly"):
        ...

Which runs are reported, and as what, is decided by the same component that is in the program `dogwrap`. An event is
kept on the disk before anything is sent, and delivered in the background: no job waits for it, and none is lost.

Plugins of schedulers are in `dogwrap.airflow`, `dogwrap.apscheduler`, `dogwrap.celery` and `dogwrap.dagster`.
"""

from typing import TYPE_CHECKING, Any

from ._values import (
    DogwrapError,
    Event,
    Exited,
    InvalidRun,
    InvalidSettings,
    Outcome,
    Report,
    Request,
    RulesFailed,
    Signaled,
    TimedOut,
    outcome_of,
)

if TYPE_CHECKING:
    from ._reporter import Reporter

__all__ = [
    "DogwrapError",
    "Event",
    "Exited",
    "InvalidRun",
    "InvalidSettings",
    "Outcome",
    "Report",
    "Reporter",
    "Request",
    "RulesFailed",
    "Signaled",
    "TimedOut",
    "outcome_of",
]


def __getattr__(name: str) -> Any:
    """Schedulers import plugins in each of their processes: those that report nothing do without the runtime."""
    if name == "Reporter":
        from ._reporter import Reporter

        return Reporter
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
