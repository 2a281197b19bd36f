"""The README's example for APScheduler, as people run it. Those of other schedulers are in `schedulers`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import KEY, Api
from readme import example

pytest.importorskip("apscheduler", reason="SKIPPED: there is no APScheduler, so its example is not tried")


def test_the_example_for_apscheduler_works(api: Api, tmp_path: Path) -> None:
    program = tmp_path / "jobs.py"
    program.write_text(example("APScheduler"))
    environment = {**os.environ, "DD_API_KEY": KEY, "DD_SITE": api.url}
    with subprocess.Popen([sys.executable, program], env=environment, stderr=subprocess.DEVNULL) as scheduler:
        try:
            api.wait_for(lambda: len(api.events) > 0)
        finally:
            scheduler.kill()
    event = api.events[0]
    assert (event["aggregation_key"], event["alert_type"]) == ("backup", "error")
    assert "@oncall" in event["text"] and "No such file" in event["text"]
