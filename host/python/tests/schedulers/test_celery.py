"""A real Celery worker with processes of its own, and a real Redis."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import KEY, PATIENCE, Api, waiting
from readme import example

pytest.importorskip("celery", reason="SKIPPED: there is no Celery, so nothing is tried with it")

TASKS = """
import os, time
import celery.exceptions
import dogwrap
import dogwrap.celery
from celery import Celery

app = Celery("jobs", broker=os.environ["BROKER"])
dogwrap.celery.connect(dogwrap.Reporter(submit_mode="all"))

@app.task
def good():
    time.sleep(0.2)

@app.task
def bad():
    raise RuntimeError("no space left")

@app.task(soft_time_limit=1)
def slow():
    time.sleep(60)

@app.task(time_limit=1)
def stuck():
    time.sleep(60)

@app.task
def killed():
    os.kill(os.getpid(), 9)

@app.task(bind=True, max_retries=1, default_retry_delay=0)
def stubborn(self):
    raise self.retry(exc=RuntimeError("again"))
"""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    """The URL of a Redis of this test's own."""
    server = shutil.which("redis-server")
    if server is None:
        pytest.skip("SKIPPED: there is no redis-server, so nothing is tried with Celery")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen([server, *options], stdout=subprocess.PIPE, text=True) as redis:
        assert redis.stdout is not None
        try:
            assert any("Ready to accept connections" in line for line in redis.stdout), "it has not started"
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            redis.terminate()


def run(
    tasks: str, names: list[str], broker: str, api: Api, directory: Path, events: int, kept: Path | None = None
) -> None:
    """Has a worker do the tasks of these names, until so many events have arrived, or are kept in a directory."""
    (directory / "jobs.py").write_text(tasks)
    environment = {**os.environ, "DD_API_KEY": KEY, "DD_SITE": api.url, "BROKER": broker}
    celery = [sys.executable, "-m", "celery", "-A", "jobs"]
    for name in names:
        call = [*celery, "call", f"jobs.{name}"]
        subprocess.run(call, env=environment, cwd=directory, check=True, capture_output=True, timeout=PATIENCE)
    work = [*celery, "worker", "--concurrency", "2", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    with subprocess.Popen(work, env=environment, cwd=directory, stdout=subprocess.DEVNULL) as worker:
        try:
            if kept is None:
                api.wait_for(lambda: len(api.events) >= events)
            else:
                wait_for_files(kept, events)
                # The worker need not wait for what hangs.
                api.release()
        finally:
            worker.terminate()


def wait_for_files(state: Path, number: int) -> None:
    """Looks again and again: of files nobody tells."""
    deadline = time.monotonic() + PATIENCE
    while len(waiting(state)) < number:
        assert time.monotonic() < deadline, f"{len(waiting(state))} of {number} are kept"
        time.sleep(0.05)


def test_a_worker_goes_on_when_the_api_never_answers(api: Api, broker: str, tmp_path: Path, state: Path) -> None:
    api.hang()
    # More tasks than processes that could wait for the API.
    run(TASKS, ["bad"] * 5, broker, api, tmp_path, 5, kept=state)


def test_tasks_are_reported(api: Api, broker: str, tmp_path: Path) -> None:
    run(TASKS, ["good", "bad", "slow", "stuck", "stubborn"], broker, api, tmp_path, 5)
    events = {event["aggregation_key"]: event for event in api.events}
    assert {job: event["alert_type"] for job, event in events.items()} == {
        "jobs.good": "success",
        "jobs.bad": "error",
        "jobs.slow": "error",
        "jobs.stuck": "error",
        "jobs.stubborn": "error",
    }
    assert len(api.events) == 5, "a retry is no end"
    assert float(events["jobs.good"]["title"].split()[-1].removesuffix("s")) >= 0.2
    assert "RuntimeError: no space left" in events["jobs.bad"]["text"]
    assert "SoftTimeLimitExceeded" in events["jobs.slow"]["text"]
    assert "timed out after 1.00s" in events["jobs.stuck"]["title"]


def test_a_task_whose_process_is_gone_is_reported(api: Api, broker: str, tmp_path: Path) -> None:
    run(TASKS, ["killed"], broker, api, tmp_path, 1)
    [event] = api.events
    assert (event["aggregation_key"], event["alert_type"]) == ("jobs.killed", "error")
    assert "WorkerLostError" in event["text"]


def test_the_example_works(api: Api, broker: str, tmp_path: Path) -> None:
    tasks = example("Celery")
    assert "redis://localhost:6379/0" in tasks
    run(tasks.replace("redis://localhost:6379/0", broker), ["backup"], broker, api, tmp_path, 1)
    [event] = api.events
    assert (event["aggregation_key"], event["alert_type"]) == ("jobs.backup", "error")
    assert "@oncall" in event["text"]
