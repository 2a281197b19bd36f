"""Dagster: reports its ops, by hooks."""

from __future__ import annotations

import time

from dagster import HookContext, HookDefinition, failure_hook, success_hook

from ._plugin import harmless
from ._reporter import Reporter
from ._values import Exited
from ._watch import trace


def hooks(reporter: Reporter) -> set[HookDefinition]:
    """Hooks with which `reporter` reports each op of a job: `@job(hooks=hooks(reporter))`."""

    @success_hook(name="dogwrap_success")
    def succeeded(context: HookContext) -> None:
        _report(reporter, context)

    @failure_hook(name="dogwrap_failure")
    def failed(context: HookContext) -> None:
        _report(reporter, context)

    return {succeeded, failed}


@harmless
def _report(reporter: Reporter, context: HookContext) -> None:
    error = context.op_exception
    job = f"{context.job_name}.{context.op.name}"
    reporter.report(
        job=job,
        command=f"dagster job {context.job_name}, op {context.op.name}",
        outcome=Exited(0 if error is None else 1),
        duration=_duration(context),
        stderr=trace(error),
    )


def _duration(context: HookContext) -> float:
    """How long the op has taken, by the run's own log; 0 where that does not say."""
    steps = context.instance.get_run_step_stats(context.run_id, [context.step_key])
    starts = [step.start_time for step in steps if step.start_time is not None]
    return max(0.0, time.time() - starts[-1]) if starts else 0.0
