"""What the component costs in Python: prints one JSON object of times in seconds.

"load" is from the import of the component's module to the first instance, each in a fresh process that has
imported wasmtime, with native code from the cache. "import" is the import of wasmtime before that, as it is.
"call" is one `judge` of a failing run that printed 3000 characters; "report" is one `report` of it, with
nobody to deliver it to.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time

LOADS = 15
CALLS = 300
REPORTS = 100

LOAD = """
import logging, time
start = time.perf_counter()
import wasmtime.component
imported = time.perf_counter()
import dogwrap._component
dogwrap._component.load()
loaded = time.perf_counter()
print(imported - start, loaded - imported)
"""


def loads() -> tuple[list[float], list[float]]:
    """The times of importing wasmtime and of loading the component."""
    run = [sys.executable, "-c", LOAD]
    # The first one compiles.
    subprocess.run(run, check=True, capture_output=True)
    times = [subprocess.run(run, check=True, capture_output=True, text=True).stdout.split() for _ in range(LOADS)]
    return [float(importing) for importing, _ in times], [float(loading) for _, loading in times]


def calls(state: str) -> tuple[list[float], list[float]]:
    """The times of judging and of reporting."""
    import dogwrap

    reporter = dogwrap.Reporter(site="http://127.0.0.1:9", host="host", spool_dir=state, delivery_timeout=0)
    run = {"command": "backup --all", "outcome": dogwrap.Exited(3), "duration": 1.5, "stdout": "x" * 3000}

    def timed(function: object, times: int) -> list[float]:
        taken = []
        for _ in range(times):
            start = time.perf_counter()
            function(job="nightly", **run)  # type: ignore[operator]
            taken.append(time.perf_counter() - start)
        return taken

    return timed(reporter.judge, CALLS), timed(reporter.report, REPORTS)


def main() -> None:
    """Measures in a cache and a state directory of its own."""
    import logging

    logging.getLogger("dogwrap").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as directory:
        os.environ["XDG_CACHE_HOME"] = directory
        importing, loading = loads()
        calling, reporting = calls(f"{directory}/state")
    times = {"import": importing, "load": loading, "call": calling, "report": reporting}
    print(json.dumps(times))


if __name__ == "__main__":
    main()
