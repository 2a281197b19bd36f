"""A real Airflow, with SQLite: the plugin is found by its entry point, and configured by the README's example."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import KEY, Api
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


def test_tasks_are_reported(api: Api, tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "nightly.py").write_text(DAG)
    (tmp_path / "airflow.cfg").write_text(example("Airflow"))
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DOGWRAP__SUBMIT_MODE": "all",
        "DD_API_KEY": KEY,
        "DD_SITE": api.url,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    for command in (["db", "migrate"], ["dags", "test", "nightly"]):
        airflow = [sys.executable, "-m", "airflow", *command]
        done = subprocess.run(airflow, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0 or command[0] == "dags", done.stdout + done.stderr
    events = {event["aggregation_key"]: event for event in api.events}
    assert {job: event["alert_type"] for job, event in events.items()} == {
        "nightly.good": "success",
        "nightly.bad": "error",
    }, done.stdout + done.stderr
    assert len(api.events) == 2
    assert "RuntimeError: no space left" in events["nightly.bad"]["text"]
    assert "@oncall" in events["nightly.bad"]["text"] and "team:data" in events["nightly.bad"]["tags"]
