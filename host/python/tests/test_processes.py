"""More than one process: children, others beside, and the native program."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import KEY, PATIENCE, Api, waiting

from dogwrap import Exited, Reporter

FLUSH = """
import dogwrap, sys
reporter = dogwrap.Reporter(site=sys.argv[1])
sys.stdin.read()
print(reporter.flush(30))
"""

REPORT = """
import dogwrap, sys
reporter = dogwrap.Reporter(site=sys.argv[1], delivery_timeout=float(sys.argv[2]))
reporter.report(job="nightly", outcome=dogwrap.Exited(3), duration=1.5)
print("reported", flush=True)
"""


# What is imported while a process forks is only half there in the child.
IMPORTS = """
import dogwrap, sys
reporter = dogwrap.Reporter(site=sys.argv[1])
before = set(sys.modules)
reporter.report(job="nightly", outcome=dogwrap.Exited(3), duration=1.5)
reporter.flush(30)
print(sorted(set(sys.modules) - before))
"""


def fail(reporter: Reporter, job: str = "nightly") -> None:
    reporter.report(job=job, outcome=Exited(3), duration=1.5)


def environment(**variables: str) -> dict[str, str]:
    return {**os.environ, "DD_API_KEY": KEY, **variables}


def in_child(work: Callable[[], None]) -> None:
    """Does `work` in a child that was forked, which ends without what Python does at its end."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            print(f"the child has failed: {error!r}", file=sys.stderr)
            os._exit(1)
        os._exit(0)
    signal.alarm(int(PATIENCE))
    try:
        assert os.waitpid(child, 0)[1] == 0
    finally:
        signal.alarm(0)


def test_a_child_reports_by_itself(api: Api, state: Path) -> None:
    reporter = Reporter(api_key=KEY, site=api.url)
    fail(reporter, "parent")
    assert reporter.flush(PATIENCE) == 0

    def work() -> None:
        fail(reporter, "child")
        reporter.close()

    in_child(work)
    assert [event["aggregation_key"] for event in api.events] == ["parent", "child"]
    fail(reporter, "parent again")
    assert reporter.flush(PATIENCE) == 0
    assert len(api.events) == 3 and waiting(state) == []


def test_a_child_goes_on_while_its_parent_delivers(api: Api, state: Path) -> None:
    api.hang()
    reporter = Reporter(api_key=KEY, site=api.url)
    fail(reporter, "parent")
    api.wait_for(lambda: len(api.received) == 1)
    in_child(lambda: fail(reporter, "child"))
    api.release()
    assert reporter.flush(PATIENCE) == 0
    assert Counter(event["aggregation_key"] for event in api.events)["parent"] == 1
    # The child has ended in the middle of it, perhaps: what it had claimed then waits for a while.
    left = {json.loads((state / "spool" / name).read_text())["job"] for name in waiting(state)}
    assert left | {event["aggregation_key"] for event in api.events} == {"parent", "child"}


def test_children_of_a_process_with_busy_threads_can_report(api: Api, state: Path) -> None:
    reporter = Reporter(api_key=KEY, site=api.url)
    is_over = threading.Event()

    def be_busy() -> None:
        while not is_over.is_set():
            reporter.judge(job="busy", outcome=Exited(1), duration=1)

    def work(number: int) -> None:
        fail(reporter, f"child {number}")
        reporter.close()

    threads = [threading.Thread(target=be_busy) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for number in range(10):
            in_child(functools.partial(work, number))
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    assert Counter(event["aggregation_key"] for event in api.events) == {f"child {number}": 1 for number in range(10)}


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nothing_is_imported_in_the_background(unreachable: str, state: Path, scheme: str) -> None:
    command = [sys.executable, "-c", IMPORTS, unreachable.replace("http:", f"{scheme}:")]
    done = subprocess.run(command, env=environment(), check=True, capture_output=True, text=True, timeout=PATIENCE)
    assert done.stdout == "[]\n"


def test_two_processes_send_each_event_once(api: Api, state: Path) -> None:
    kept = Reporter(api_key=KEY, site=api.url, delivery_timeout=0)
    for number in range(40):
        fail(kept, f"job {number}")
    assert len(waiting(state)) == 40
    arguments: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    command = [sys.executable, "-c", FLUSH, api.url]
    flushes = [subprocess.Popen(command, env=environment(), **arguments) for _ in range(2)]
    for flush in flushes:
        assert flush.stdin is not None
        flush.stdin.close()
    for flush in flushes:
        assert flush.wait(PATIENCE) == 0
        assert flush.stdout is not None
        flush.stdout.close()
    assert waiting(state) == []
    times = Counter(event["aggregation_key"] for event in api.events)
    assert times == {f"job {number}": 1 for number in range(40)}


def test_the_end_of_the_interpreter_waits_for_a_delivery(api: Api, state: Path) -> None:
    subprocess.run([sys.executable, "-c", REPORT, api.url, "10"], env=environment(), check=True, timeout=PATIENCE)
    assert len(api.events) == 1 and waiting(state) == []


def test_but_not_for_longer_than_one_may_take(api: Api, state: Path) -> None:
    api.hang()
    subprocess.run([sys.executable, "-c", REPORT, api.url, "0.5"], env=environment(), check=True, timeout=PATIENCE)
    assert len(api.received) == 1 and len(waiting(state)) == 1
    api.release()
    assert Reporter(api_key=KEY, site=api.url).flush(PATIENCE) == 0


def test_what_a_process_that_was_killed_has_claimed_is_delivered_later(api: Api, state: Path) -> None:
    api.hang()
    with subprocess.Popen([sys.executable, "-c", REPORT, api.url, "0.5"], env=environment()) as killed:
        api.wait_for(lambda: len(api.received) == 1)
        killed.kill()
    [claimed] = waiting(state)
    assert not claimed.endswith(".json"), "it was being sent"
    # As if the time had passed until which nobody else may send it.
    name, _, _ = claimed.rpartition(".")
    (state / "spool" / claimed).rename(state / "spool" / f"{name}.1")
    api.release()
    assert Reporter(api_key=KEY, site=api.url).flush(PATIENCE) == 0
    assert len(api.events) == 2 and waiting(state) == []


def test_the_native_program_lists_and_delivers_what_python_kept(api: Api, state: Path, native: str) -> None:
    fail(Reporter(api_key=KEY, site=api.url, delivery_timeout=0))
    listed = subprocess.run(
        [native, "--spool", "--json"], env=environment(), check=True, capture_output=True, text=True, timeout=PATIENCE
    )
    assert "no time was given to deliver it" in listed.stdout and "nightly" in listed.stdout
    flush = [native, "--flush"]
    subprocess.run(flush, env=environment(DD_SITE=api.url), check=True, capture_output=True, timeout=PATIENCE)
    assert api.titles == ["[machine] nightly failed in 1.50s"] and waiting(state) == []


def test_python_delivers_what_the_native_program_kept(api: Api, unreachable: str, state: Path, native: str) -> None:
    run = [native, "-n", "native", "--delivery_timeout", "0", "exit 3"]
    done = subprocess.run(run, env=environment(DD_SITE=api.url), capture_output=True, timeout=PATIENCE)
    assert done.returncode == 3 and len(waiting(state)) == 1
    # What a native deliverer that was killed has left: only who holds the lock can know that it is gone.
    [kept] = (state / "spool").iterdir()
    kept.rename(kept.with_name(kept.name + ".locked"))
    assert Reporter(api_key=KEY, site=api.url).flush(PATIENCE) == 0
    assert [event["aggregation_key"] for event in api.events] == ["native"]
    assert waiting(state) == []
