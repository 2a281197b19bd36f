"""What the wrapper does while its command is idle: nothing, as long as it is watched."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

from bench.contenders import CHRONIC, DOGWRAP, ORIGINAL, RUNSTAT, SENTRY, Contender
from bench.experiment import Comparison, Experiment
from bench.experiments import Everybody, only
from bench.process import Sample, descendants, end_children
from bench.together import opened_gate, start

COMMAND = "echo started >>started-{}; exec cat gate"
"""It waits until the gate closes, and ends as it should: a wrapper that is killed would be reported by the next."""
END_LIMIT = 30.0
START_LIMIT = 30.0
SETTLE_SECONDS = 2.0
"""After this long every wrapper is only waiting."""


def idle(everybody: Everybody, seconds: int, environment: dict[str, str]) -> Experiment:
    """All of them at once: who does nothing disturbs nobody."""
    compared = only(everybody, DOGWRAP, RUNSTAT, CHRONIC, SENTRY, ORIGINAL)
    comparisons = [
        Comparison("cpu", limit=0.0),
        *(Comparison("cpu", name) for name in (RUNSTAT, CHRONIC, SENTRY, ORIGINAL)),
        Comparison("switches", limit=0.0),
        *(Comparison("switches", name) for name in (RUNSTAT, CHRONIC, SENTRY, ORIGINAL)),
    ]
    experiment = Experiment(
        f"a command that is idle for an hour, of which {seconds} s were watched", compared, comparisons
    )
    wrappers: dict[str, subprocess.Popen[bytes]] = {}
    with ExitStack() as after:
        after.callback(end_children)
        after.callback(wait_for_all, wrappers)
        after.enter_context(opened_gate())
        for name, contender in compared.items():
            if not contender.is_there:
                experiment.problems[name] = f"there is no {Path(contender.program).name}"
            elif wrapper := started(contender, len(wrappers), environment):
                wrappers[name] = wrapper
            else:
                experiment.problems[name] = f"did not start its command in {START_LIMIT:.0f} s"
        time.sleep(SETTLE_SECONDS)
        before = {name: used(wrapper) for name, wrapper in wrappers.items()}
        time.sleep(seconds)
        for name, wrapper in wrappers.items():
            now = used(wrapper)
            experiment.add(name, {figure: now[figure] - before[name][figure] for figure in now})
    return experiment


def started(contender: Contender, number: int, environment: dict[str, str]) -> subprocess.Popen[bytes] | None:
    """A wrapper whose command runs."""
    process = start(contender.argv(COMMAND.format(number)), environment)
    until = time.perf_counter() + START_LIMIT
    while not os.path.exists(f"started-{number}"):
        if time.perf_counter() > until or process.poll() is not None:
            return None
        time.sleep(0.01)
    return process


def wait_for_all(wrappers: dict[str, subprocess.Popen[bytes]]) -> None:
    for wrapper in wrappers.values():
        wrapper.wait(END_LIMIT)


def used(wrapper: subprocess.Popen[bytes]) -> Sample:
    """What all threads of the wrapper, and of what it has started apart from the command, have used so far."""
    sample: Sample = {"cpu": 0.0, "switches": 0.0}
    for process in [wrapper.pid, *descendants(wrapper.pid)]:
        tasks = Path(f"/proc/{process}")
        if (tasks / "comm").read_text() == "cat\n":
            continue
        for thread in (tasks / "task").iterdir():
            sample["cpu"] += int((thread / "schedstat").read_text().split()[0]) / 1e9
            status = (thread / "status").read_text().splitlines()
            sample["switches"] += sum(int(line.split()[1]) for line in status if "ctxt_switches" in line)
    return sample
