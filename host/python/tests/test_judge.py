"""The program that others compare with."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

JUDGE = Path(__file__).with_name("judge.py")


def test_a_line_in_is_a_line_out() -> None:
    run = {
        "job": "nightly",
        "command": "backup --all",
        "outcome": {"exited": 3},
        "duration": 1.5,
        "ended_at": 1_795_376_346.25,
        "stdout_base64": base64.b64encode(b"caf\xe9").decode(),
        "stderr_base64": "",
    }
    settings = {"send_metric": True, "tags": ["team:data"], "host": "h", "site": "eu"}
    cases = [
        {"run": run, "settings": settings},
        {"run": {**run, "outcome": {"exited": 0}}, "settings": settings},
        {"run": {**run, "outcome": "timed_out", "job": None}, "settings": {}},
        {"run": {**run, "command": ""}, "settings": {}},
    ]
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    done = subprocess.run([sys.executable, JUDGE], input=lines, check=True, capture_output=True, text=True)
    both, none, timed_out, invalid = map(json.loads, done.stdout.splitlines())
    assert [(request["method"], request["path"]) for request in both["requests"]] == [
        ("POST", "/api/v1/series"),
        ("POST", "/api/v1/events"),
    ]
    assert both["requests"][1]["body"]["tags"] == ["team:data"] and "caf\ufffd" in both["requests"][1]["body"]["text"]
    assert none == {"requests": []}
    assert timed_out["requests"][0]["body"]["aggregation_key"] == "backup"
    assert invalid == {"invalid": "there is no command: say what was run"}
