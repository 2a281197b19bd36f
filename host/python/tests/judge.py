"""Judges runs through the package's public interface, for comparison with other ways to the same rules.

Reads a JSON object a line, {"run": {...}, "settings": {...}}, and prints for each the requests that report the run. In
a run, "outcome" is {"exited": 3}, {"signaled": 9} or "timed_out", and output is base64. Settings are options of dogwrap
by their names. What the rules refuse is {"invalid": "why"}.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

from dogwrap import Exited, InvalidRun, InvalidSettings, Outcome, Reporter, Signaled, TimedOut


def outcome_of(written: Any) -> Outcome:
    """The outcome that is written so in JSON."""
    match written:
        case {"exited": int(status)}:
            return Exited(status)
        case {"signaled": int(signal)}:
            return Signaled(signal)
        case "timed_out":
            return TimedOut()
        case _:
            raise ValueError(f"no outcome: {written!r}")


def judge(run: dict[str, Any], settings: dict[str, Any]) -> list[dict[str, Any]]:
    """The requests that report a run."""
    report = Reporter(**settings).judge(
        job=run.get("job"),
        command=run["command"],
        outcome=outcome_of(run["outcome"]),
        duration=run["duration"],
        ended_at=run["ended_at"],
        stdout=base64.b64decode(run.get("stdout_base64", "")),
        stderr=base64.b64decode(run.get("stderr_base64", "")),
    )
    return [
        {"method": request.method, "path": request.path, "body": json.loads(request.body)}
        for request in report.requests
    ]


def main() -> None:
    """One line for each line."""
    for line in sys.stdin:
        case = json.loads(line)
        try:
            judged: dict[str, Any] = {"requests": judge(case["run"], case.get("settings", {}))}
        except (InvalidRun, InvalidSettings) as refused:
            judged = {"invalid": str(refused)}
        print(json.dumps(judged), flush=True)


if __name__ == "__main__":
    main()
