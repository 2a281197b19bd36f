"""Many wrapped jobs at once: what it takes until all of them run, and what all of them take together."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.contenders import CHRONIC, DOGWRAP, ORIGINAL_POLLING_FAST, RUNSTAT, SENTRY, SHELL
from bench.experiment import SLOW_SECONDS, Comparison, Experiment, difference, ratio
from bench.experiments import Everybody, only
from bench.process import RunError, Sample, descendants, end_children

ALL_RUN_LIMIT = 300.0
POLL_SECONDS = 0.002
COMMAND = "echo started >>started; read line <gate; echo done"
"""Every job says that it runs, and waits until the gate opens."""


def together(everybody: Everybody, jobs: int) -> Experiment:
    others = (RUNSTAT, CHRONIC, SENTRY, ORIGINAL_POLLING_FAST)
    comparisons = [
        Comparison(figure, name, difference if name == SHELL else ratio)
        for figure in ("wall", "cpu", "memory")
        for name in (SHELL, *others)
    ]
    return Experiment(
        f"{jobs} jobs started at once, nothing to send; of all of them",
        only(everybody, SHELL, DOGWRAP, *others),
        comparisons,
    )


def perform(experiment: Experiment, jobs: int, rounds: int, environment: dict[str, str]) -> None:
    """Fills in the samples, a round after the other; who is slow takes part in the first only."""
    slow: set[str] = set()
    for _ in range(rounds):
        for name, contender in experiment.contenders.items():
            if not contender.is_there:
                experiment.problems[name] = f"there is no {Path(contender.program).name}"
            if name in experiment.problems or name in slow:
                continue
            try:
                sample = run_all(contender.argv(COMMAND), jobs, environment)
            except RunError as failure:
                experiment.problems[name] = str(failure)
                continue
            finally:
                end_children()
            experiment.add(name, sample)
            if sample["wall"] > SLOW_SECONDS:
                slow.add(name)


def run_all(argv: list[str], jobs: int, environment: dict[str, str]) -> Sample:
    """The figures of all jobs together. The time in which memory is looked at is nobody's."""
    with ExitStack() as after:
        started_file = Path("started")
        started_file.write_bytes(b"")
        after.callback(started_file.unlink)
        gate = after.enter_context(opened_gate())
        used_before = cpu_of_the_waited_for()
        began = time.perf_counter()
        processes = [start(argv, environment) for _ in range(jobs)]
        until = began + ALL_RUN_LIMIT
        while started_file.stat().st_size < jobs * len("started\n"):
            if time.perf_counter() > until:
                raise RunError(f"not all run after {ALL_RUN_LIMIT:.0f} s")
            time.sleep(POLL_SECONDS)
        all_run = time.perf_counter()
        memory = proportional_memory()
        opened = time.perf_counter()
        os.write(gate, b"\n" * jobs)
        statuses = {process.wait(ALL_RUN_LIMIT) for process in processes}
        wall = all_run - began + time.perf_counter() - opened
    if statuses != {0}:
        raise RunError(f"exit statuses {sorted(statuses)}")
    return {"wall": wall, "cpu": cpu_of_the_waited_for() - used_before, "memory": memory}


def start(argv: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(argv, env=environment, stdin=nowhere, stdout=nowhere, stderr=nowhere)


@contextmanager
def opened_gate() -> Iterator[int]:
    """A named pipe out of which every job reads one line."""
    os.mkfifo("gate")
    gate = os.open("gate", os.O_RDWR)
    try:
        yield gate
    finally:
        os.close(gate)
        os.unlink("gate")


def cpu_of_the_waited_for() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def proportional_memory() -> float:
    """Of everything that this process has started: its own memory, and its share of what it shares."""
    return sum(map(proportional_memory_of, descendants(os.getpid())))


def proportional_memory_of(process: int) -> int:
    try:
        fields = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0  # It has ended.
    return next(int(line.split()[1]) * 1024 for line in fields.splitlines() if line.startswith("Pss:"))
