"""A real Dagster, in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import KEY, PATIENCE, Api, waiting
from readme import example

pytest.importorskip("dagster", reason="SKIPPED: there is no Dagster, so nothing is tried with it")

import dagster

import dogwrap
import dogwrap.dagster


@dagster.op
def good() -> None:
    """An op that does what it should."""


@dagster.op
def bad() -> None:
    """An op that does not."""
    raise RuntimeError("no space left")


def test_ops_are_reported(api: Api) -> None:
    reporter = dogwrap.Reporter(api_key=KEY, site=api.url, submit_mode="all")

    @dagster.job(hooks=dogwrap.dagster.hooks(reporter))
    def nightly() -> None:
        good()
        bad()

    assert not nightly.execute_in_process(raise_on_error=False).success
    assert reporter.flush(PATIENCE) == 0
    events = {event["aggregation_key"]: event for event in api.events}
    assert {job: event["alert_type"] for job, event in events.items()} == {
        "nightly.good": "success",
        "nightly.bad": "error",
    }
    assert "RuntimeError: no space left" in events["nightly.bad"]["text"]
    assert not events["nightly.bad"]["title"].endswith(" 0.00s"), "its duration is known"


def test_a_job_goes_on_when_the_api_never_answers(api: Api, state: Path) -> None:
    api.hang()
    reporter = dogwrap.Reporter(api_key=KEY, site=api.url, submit_mode="all", delivery_timeout=PATIENCE)

    @dagster.job(hooks=dogwrap.dagster.hooks(reporter))
    def nightly() -> None:
        good()
        bad()

    assert not nightly.execute_in_process(raise_on_error=False).success
    assert len(api.received) <= 1, "it still hangs"
    assert len(waiting(state)) == 2
    api.release()
    assert reporter.flush(PATIENCE) == 0


def test_the_example_works(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DD_API_KEY", KEY)
    monkeypatch.setenv("DD_SITE", api.url)
    defined: dict[str, Any] = {}
    exec(example("Dagster"), defined)
    assert not defined["nightly"].execute_in_process(raise_on_error=False).success
    api.wait_for(lambda: len(api.events) == 1)
    [event] = api.events
    assert (event["aggregation_key"], event["alert_type"]) == ("nightly.backup", "error")
    assert "@oncall" in event["text"]
