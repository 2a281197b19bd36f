"""The command line: performs the experiments, prints the table, and writes the file."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

import bench
from bench import contenders, counts, experiments, idle, loopback, parts, process, together
from bench.experiment import Experiment, perform
from bench.table import judge, print_table


def performed(options: argparse.Namespace, directory: Path, memory: Path) -> Iterator[Experiment]:
    """Every experiment, when it has been performed."""
    api = loopback.serve()
    environment = contenders.environment(str(directory), api)
    everybody = contenders.contenders(options.dogwrap, options.original, options.sentry, api)
    experiments.prepare(directory)
    fewer = max(3, options.runs // 3)
    timed = [
        (experiments.nothing_to_send(everybody), options.runs),
        (experiments.one_event(everybody), options.runs),
        *((experiment, fewer) for experiment in experiments.throughput(everybody, options.megabytes)),
        (experiments.lines_under_the_original(everybody, options.megabytes_of_original), 1),
    ]
    for experiment, rounds in timed:
        perform(experiment, rounds, environment, memory)
        yield experiment
    many = together.together(everybody, options.jobs)
    together.perform(many, options.jobs, max(1, options.runs // 10), environment)
    yield many
    yield idle.idle(everybody, options.idle_seconds, environment)
    yield from counts.counts(everybody, not options.quick, environment)
    yield parts.rules_inside("the rules in Rust, a fresh instance a call", [options.rust, "--bench"], {"call": 50e-6})
    python = [options.python, "host/python/bench.py"]
    yield parts.rules_inside("the rules in Python", python, {"import": None, "load": 0.030, "call": 0.001})
    node = [options.node, "host/node/bench.mjs"]
    yield parts.rules_inside("the rules in Node", node, {"load": None, "call": 0.0002})
    yield parts.file_size("the program", options.dogwrap, 9_000_000)
    yield parts.file_size("the component", options.component, 450_000)
    yield parts.compiled_size("the component, compiled ahead of time", options.compiler, options.component)


def sentry_of(directory: str) -> str:
    """The program in the package for this machine; its script for Node would be measured with it."""
    packaged = sorted(Path(directory).glob("node_modules/@sentry/cli-*/bin/sentry-cli"))
    return str(packaged[0].resolve()) if packaged else contenders.located("sentry-cli")


def parse_options() -> argparse.Namespace:
    summary = (bench.__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(
        "bench", description=summary, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )

    def file(name: str, default: str, help: str) -> None:
        parser.add_argument(name, type=os.path.abspath, default=default, help=help)

    file("--dogwrap", "target/bin/dogwrap", "the program")
    file("--original", "target/original/bin/dogwrap", "Python's; may be missing, as all others")
    file("--sentry", "target/sentry", "where the package @sentry/cli is installed")
    file("--component", "target/components/dogwrap.wasm", "what is in the program")
    file("--compiler", "target/compiler/dogwrap-compile", "what compiles the component")
    file("--rust", "target/release/examples/events", "a program with the rules")
    file("--python", "target/python/tests/bin/python", "with the package")
    parser.add_argument("--node", default="node", help="with the package")
    file("--output", "target/bench.json", "where to write every sample")
    parser.add_argument(
        "--runs", type=int, default=30, help="rounds of an experiment; a third of them when it prints much"
    )
    parser.add_argument("--megabytes", type=int, default=1000, help="what the throughput experiments print")
    parser.add_argument("--megabytes-of-original", type=int, default=8, help="what the original is asked for")
    parser.add_argument("--jobs", type=int, default=200, help="how many are started at once")
    parser.add_argument("--idle-seconds", type=int, default=10, help="how long idle wrappers are watched")
    parser.add_argument("--quick", action="store_true", help="less of everything: 10 rounds, 100 MB, 50 jobs, 3 s")
    options = parser.parse_args()
    if options.quick:
        options.runs, options.megabytes, options.megabytes_of_original = 10, 100, 2
        options.jobs, options.idle_seconds = 50, 3
    if not os.access(options.dogwrap, os.X_OK):
        parser.error(f"there is no {options.dogwrap}")
    options.sentry = sentry_of(options.sentry)
    return options


def stop(number: int, _: FrameType | None) -> None:
    sys.exit(f"bench: ended by {signal.Signals(number).name}")


def main() -> int:
    options = parse_options()
    process.become_subreaper()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    system = os.uname()
    machine = f"{system.sysname} {system.release}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
    done: list[Experiment] = []
    with ExitStack() as after:
        directory = Path(after.enter_context(tempfile.TemporaryDirectory(prefix="dogwrap-bench-")))
        in_memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        memory = Path(after.enter_context(tempfile.TemporaryDirectory(prefix="dogwrap-bench-", dir=in_memory)))
        after.callback(process.end_children)
        os.chdir(directory)
        after.callback(os.chdir, parts.CHECKOUT)
        for experiment in performed(options, directory, memory):
            print(f"bench: {experiment.title}", file=sys.stderr)
            done.append(experiment)
    rows = [judge(experiment, comparison) for experiment in done for comparison in experiment.comparisons]
    print(machine)
    print_table(rows)
    samples = [
        {"title": it.title, "command": it.command, "samples": it.samples, "problems": it.problems} for it in done
    ]
    Path(options.output).write_text(
        json.dumps({"machine": machine, "experiments": samples, "rows": rows}, indent=1) + "\n"
    )
    return 1 if any(experiment.failed for experiment in done) else 0


if __name__ == "__main__":
    sys.exit(main())
