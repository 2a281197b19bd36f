"""A real Airflow, with SQLite: the plugin is found by its entry point, and configured by the README's example."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import KEY, Api, waiting
from readme import example

pytest.importorskip("airflow", reason="SKIPPED: there is no Airflow, so nothing is tried with it")

# It takes half a minute where nothing else is done.
PATIENCE = 300

DAG = """
from airflow.sdk import dag, task

@dag(schedule=None)
def nightly():
    @task
    def good():
        pass

    @task
    def bad():
        raise RuntimeError("no space left")

    good() >> bad()

nightly()
"""


def run(api: Api, directory: Path, **settings: str) -> str:
    """Has Airflow run both tasks, and returns what it says."""
    (directory / "dags").mkdir()
    (directory / "dags" / "nightly.py").write_text(DAG)
    (directory / "airflow.cfg").write_text(example("Airflow"))
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(directory),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DOGWRAP__SUBMIT_MODE": "all",
        "DD_API_KEY": KEY,
        "DD_SITE": api.url,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        **{f"AIRFLOW__DOGWRAP__{name.upper()}": value for name, value in settings.items()},
    }
    for command in (["db", "migrate"], ["dags", "test", "nightly"]):
        airflow = [sys.executable, "-m", "airflow", *command]
        done = subprocess.run(airflow, env=environment, cwd=directory, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0 or command[0] == "dags", done.stdout + done.stderr
    return done.stdout + done.stderr


def test_tasks_are_reported(api: Api, tmp_path: Path) -> None:
    said = run(api, tmp_path)
    events = {event["aggregation_key"]: event for event in api.events}
    assert {job: event["alert_type"] for job, event in events.items()} == {
        "nightly.good": "success",
        "nightly.bad": "error",
    }, said
    assert len(api.events) == 2
    assert "RuntimeError: no space left" in events["nightly.bad"]["text"]
    assert "@oncall" in events["nightly.bad"]["text"] and "team:data" in events["nightly.bad"]["tags"]


def test_tasks_go_on_when_the_api_never_answers(api: Api, tmp_path: Path, state: Path) -> None:
    api.hang()
    said = run(api, tmp_path, delivery_timeout="1")
    kept = [json.loads((state / "spool" / name).read_text())["job"] for name in waiting(state)]
    assert sorted(kept) == ["nightly.bad", "nightly.good"], said
