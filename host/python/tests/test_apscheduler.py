"""A real APScheduler, in this process."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from conftest import KEY, PATIENCE, Api, waiting

pytest.importorskip("apscheduler", reason="SKIPPED: there is no APScheduler, so nothing is tried with it")

from apscheduler.schedulers.background import BackgroundScheduler

import dogwrap
import dogwrap.apscheduler


def good() -> None:
    """A job that does what it should."""


def failing() -> None:
    """A job that fails after a while."""
    time.sleep(0.2)
    raise RuntimeError("no space left")


@pytest.fixture
def scheduler() -> Iterator[BackgroundScheduler]:
    scheduler = BackgroundScheduler(timezone=timezone.utc)
    scheduler.start()
    yield scheduler
    if scheduler.running:
        scheduler.shutdown()


def test_importing_the_package_imports_no_scheduler() -> None:
    program = "import sys, dogwrap; dogwrap.Reporter; print([name for name in sys.modules if 'scheduler' in name])"
    printed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert printed == "[]\n"


def test_jobs_are_reported(api: Api, scheduler: BackgroundScheduler) -> None:
    reporter = dogwrap.Reporter(api_key=KEY, site=api.url, submit_mode="all")
    dogwrap.apscheduler.listen(scheduler, reporter)
    scheduler.add_job(good, name="the good one")
    scheduler.add_job(failing, name="the bad one")
    api.wait_for(lambda: len(api.events) == 2)
    events = {event["aggregation_key"]: event for event in api.events}
    assert events["the good one"]["alert_type"] == "success"
    bad = events["the bad one"]
    assert bad["alert_type"] == "error" and "RuntimeError: no space left" in bad["text"]
    assert "test_apscheduler:failing" in bad["text"]
    assert float(bad["title"].split()[-1].removesuffix("s")) >= 0.2, "it has taken as long as it sleeps"


def test_a_run_that_is_missed_is_a_failure_that_says_so(api: Api, scheduler: BackgroundScheduler) -> None:
    reporter = dogwrap.Reporter(api_key=KEY, site=api.url)
    dogwrap.apscheduler.listen(scheduler, reporter)
    long_ago = datetime.now(timezone.utc) - timedelta(hours=1)
    scheduler.add_job(good, "date", run_date=long_ago, name="late", misfire_grace_time=1)
    api.wait_for(lambda: len(api.events) == 1)
    [event] = api.events
    assert event["alert_type"] == "error" and "was missed" in event["text"]


def test_the_scheduler_goes_on_when_the_api_never_answers(
    api: Api, scheduler: BackgroundScheduler, state: Path
) -> None:
    api.hang()
    reporter = dogwrap.Reporter(api_key=KEY, site=api.url, submit_mode="all", delivery_timeout=PATIENCE)
    dogwrap.apscheduler.listen(scheduler, reporter)
    runs = threading.Semaphore(0)
    scheduler.add_job(runs.release, "interval", seconds=0.05, max_instances=10)
    api.wait_for(lambda: len(api.received) == 1)
    for _ in range(10):
        assert runs.acquire(timeout=PATIENCE), "the scheduler waits for the API"
    assert len(api.received) == 1, "it still hangs"
    assert len(waiting(state)) > 0
    scheduler.shutdown()
    api.release()
    assert reporter.flush(PATIENCE) == 0


def test_nothing_of_ours_gets_in_the_way(scheduler: BackgroundScheduler, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def report(self, **_: object) -> None:
            raise RuntimeError("broken")

    dogwrap.apscheduler.listen(scheduler, Broken())  # type: ignore[arg-type]
    runs = threading.Semaphore(0)
    scheduler.add_job(runs.release, "interval", seconds=0.02)
    assert all(runs.acquire(timeout=PATIENCE) for _ in range(5))
    assert "a run cannot be reported: RuntimeError: broken" in caplog.text
