"""Airflow: reports its tasks, by a plugin with a listener. Installing the package is enough.

It is configured in Airflow's own configuration, section `dogwrap`, or as `AIRFLOW__DOGWRAP__NOTIFY_ERROR` and so on:
the settings of `dogwrap.Reporter` by their names.
"""

from __future__ import annotations

import functools
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from airflow.configuration import conf
from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

from ._plugin import harmless
from ._values import Exited
from ._watch import trace

if TYPE_CHECKING:
    from ._reporter import Reporter

_SECTION = "dogwrap"
_TEXTS = (
    "api_key",
    "site",
    "submit_mode",
    "priority",
    "tags",
    "notify_success",
    "notify_error",
    "notify_warning",
    "spool_dir",
    "host",
)
_FLAGS = ("send_metric", "no_spool")


@hookimpl
def on_task_instance_success(previous_state: Any, task_instance: Any) -> None:
    """A task has ended as it should."""
    _report(task_instance, "", 0)


@hookimpl
def on_task_instance_failed(previous_state: Any, task_instance: Any, error: str | BaseException | None) -> None:
    """A task has failed, whether it is tried again or not."""
    _report(task_instance, trace(error) if isinstance(error, BaseException) else error or "", 1)


@hookimpl
def before_stopping(component: Any) -> None:
    """A process of Airflow's is about to end, without what Python does at its end."""
    _close()


class DogwrapPlugin(AirflowPlugin):
    """What Airflow finds by the entry point of this package."""

    name = "dogwrap"
    listeners = (
        SimpleNamespace(
            on_task_instance_success=on_task_instance_success,
            on_task_instance_failed=on_task_instance_failed,
            before_stopping=before_stopping,
        ),
    )


@functools.cache
def _reporter() -> Reporter:
    """Made by the first task that ends in a process: others need not load the component."""
    from ._reporter import Reporter

    settings: dict[str, Any] = {name: conf.get(_SECTION, name) for name in _TEXTS if conf.has_option(_SECTION, name)}
    settings |= {name: conf.getboolean(_SECTION, name) for name in _FLAGS if conf.has_option(_SECTION, name)}
    if conf.has_option(_SECTION, "warning_codes"):
        settings["warning_codes"] = [int(code) for code in conf.get(_SECTION, "warning_codes").split(",")]
    if conf.has_option(_SECTION, "delivery_timeout"):
        settings["delivery_timeout"] = conf.getfloat(_SECTION, "delivery_timeout")
    return Reporter(**settings)


@harmless
def _report(task_instance: Any, stderr: str, status: int) -> None:
    job = f"{task_instance.dag_id}.{task_instance.task_id}"
    began = task_instance.start_date
    _reporter().report(
        job=job,
        command=f"airflow task {job}, run {task_instance.run_id}",
        outcome=Exited(status),
        duration=max(0.0, time.time() - began.timestamp()) if began else 0.0,
        stderr=stderr,
    )


@harmless
def _close() -> None:
    if _reporter.cache_info().currsize:
        _reporter().close()
