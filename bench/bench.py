"""What dogwrap costs: whole processes, measured side by side on this machine.

    python3 bench/bench.py [--quick] [--dogwrap PROGRAM] [--original PROGRAM] [--component FILE] [--output FILE]

Prints one table, and writes every sample to a JSON file. An experiment runs its contenders in turn (A B C A B C ...) and compares
them round by round, so that a slow moment slows them all. Figures are medians (minimum .. maximum); a bar is for the median.

    wall   from letting the process go until it has been waited for
    cpu    user and system time of the process and of all it waited for
    peak   the largest resident memory of any one of them
    exit   from the end of the wrapped command until the wrapper has been waited for. The command is `date`, which tells the
           time just before it ends, so its own end is counted in; the same command under `sh` shows how much that is
    import in Python: the runtime's own package, which everything that uses it has to import, in a fresh process
    load   in the same process: the rules, from the cache of compiled code to the first instance
    call   in a program that has loaded the rules: one failed run judged, its event and its requests made

Output goes to /dev/null, or into a pipe whose reader counts the bytes; both streams pass one wrapper, or one `cat`. A run that
loses output, ends with another status, does not submit its event or takes too long is a failure (exit status 1), not a figure.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import operator
import os
import select
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

MIB = 1024 * 1024
BLOCK_BYTES = 10_000_000
LINE_BYTES = 80
SECONDS_PER_RUN = 60
PR_SET_CHILD_SUBREAPER = 36
HOSTS = Path(__file__).resolve().parent.parent / "host"
UNITS = {**dict.fromkeys(("wall", "cpu", "exit", "import", "load"), (0.001, "ms")), "call": (1e-6, "us"), "peak": (MIB, "MiB"), "size": (1000, "KB")}

SHELL = "sh"
PIPELINE = "sh -c 'CMD | cat'"
DOGWRAP = "dogwrap"
ORIGINAL = "original"
ORIGINAL_POLLING_FAST = "original, poll 0.01 s"

difference, ratio = operator.sub, operator.truediv


class EventHandler(socketserver.StreamRequestHandler):
    """A connection to an API that accepts every request. The time that `http.server` takes would be charged to dogwrap."""

    events = 0

    def handle(self) -> None:
        while request := self.rfile.readline():
            headers = dict(line.lower().split(b":", 1) for line in iter(self.rfile.readline, b"\r\n"))
            self.rfile.read(int(headers[b"content-length"]))
            EventHandler.events += request.startswith(b"POST /api/v1/events ")
            self.wfile.write(b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")


def serve_events() -> str:
    """Starts the API on the loopback interface, and returns its address."""
    server = socketserver.TCPServer(("127.0.0.1", 0), EventHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


class Sink(threading.Thread):
    """The reader of a pipe: counts what arrives, and remembers the last of it."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.source, self.entrance = os.pipe()
        self.count, self.last = 0, b""
        self.start()

    def run(self) -> None:
        buffer = bytearray(MIB)
        while size := os.readv(self.source, [buffer]):
            self.count += size
            self.last = bytes(buffer[max(0, size - LINE_BYTES) : size])
        os.close(self.source)


@dataclass(frozen=True)
class Comparison:
    """A row: one figure of dogwrap, itself or against another contender's, and the most it may be."""

    figure: str
    against: str | None = None
    how: Callable[[float, float], float] | None = None
    limit: float | None = None


@dataclass
class Experiment:
    """Commands that do the same work, and what is to be learned from them."""

    title: str
    contenders: dict[str, list[str]]
    comparisons: list[Comparison]
    piped_bytes: int | None = None  # Without it, the output goes to /dev/null.
    sends_event: bool = False  # If so, the output is the time when the command ended.
    samples: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    problem: str = ""


def become_subreaper() -> None:
    """Makes this process the parent of every orphan below it, so that none escapes and each can be waited for."""
    if sys.platform != "linux" or ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit("bench: needs Linux, to become the subreaper of what it measures")


def launch(argv: list[str], environment: dict[str, str], output: int) -> tuple[int, socket.socket]:
    """Starts a process that becomes `argv` when something is sent through the socket that is returned with its id.

    The peak memory of a process begins with that of the process it was forked from. Were that this interpreter, nothing smaller
    could be measured; so it is forked from a small shell, which ends and leaves it to us.
    """
    gate, shell_end = socket.socketpair()
    script = 'exec 3<&0; (read -r go <&3; exec "$@" 3<&-) & echo $! >&3'
    with shell_end:
        subprocess.run(["sh", "-c", script, "sh", *argv], stdin=shell_end, stdout=output, stderr=output, env=environment)
    return int(gate.recv(32)), gate


def time_run(argv: list[str], environment: dict[str, str], output: int) -> tuple[dict[str, float], int]:
    """The figures of one run, and the moment when it was over, in nanoseconds since the epoch."""
    process, gate = launch(argv, environment, output)
    with gate, os.fdopen(os.pidfd_open(process), "rb", buffering=0) as process_end:
        started = time.perf_counter()
        gate.send(b"\n")
        if not select.select([process_end], [], [], SECONDS_PER_RUN)[0]:
            raise ChildProcessError(f"not finished after {SECONDS_PER_RUN} s")
        _, status, usage = os.wait4(process, 0)
        wall, ended = time.perf_counter() - started, time.time_ns()
    if status != 0:
        raise ChildProcessError(f"exit status {os.waitstatus_to_exitcode(status)}")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss * 1024}, ended


def end_children() -> None:
    """Ends what a run left behind. Orphans have become our own children, so their ids cannot mean anything else."""
    while children := Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        for child in map(int, children):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def run_once(experiment: Experiment, contender: str, environment: dict[str, str]) -> dict[str, float]:
    """Runs one contender, and checks that it did its work."""
    sink = Sink() if experiment.piped_bytes else None
    output = sink.entrance if sink else os.open(os.devnull, os.O_WRONLY)
    events_before = EventHandler.events
    try:
        sample, ended = time_run(experiment.contenders[contender], environment, output)
    finally:
        end_children()
        os.close(output)
        if sink:
            sink.join()
    if sink and sink.count != experiment.piped_bytes:
        raise ChildProcessError(f"{sink.count} bytes came out, not {experiment.piped_bytes}")
    if experiment.sends_event:
        sample["exit"] = (ended - int(sink.last)) / 1e9
        if EventHandler.events - events_before != (contender != SHELL):
            raise ChildProcessError("did not submit one event")
    return sample


def perform(experiment: Experiment, rounds: int, environment: dict[str, str]) -> None:
    """Fills in the samples of the contenders that exist. The first round warms the caches and is not kept."""
    present = [name for name, argv in experiment.contenders.items() if os.access(argv[0], os.X_OK)]
    try:
        for contender in present:
            run_once(experiment, contender, environment)
        for contender in present * rounds:
            for figure, value in run_once(experiment, contender, environment).items():
                experiment.samples.setdefault(contender, {}).setdefault(figure, []).append(value)
    except ChildProcessError as failure:
        experiment.problem = f"{contender}: {failure}"


def wrapped(program: str, command: str, *options: str, url: str = "http://127.0.0.1:1") -> list[str]:
    return [program, "-n", "bench", "-k", "key", "-s", url, *options, command]


def nothing_to_send(program: str, original: str) -> Experiment:
    contenders = {
        SHELL: ["/bin/sh", "-c", "true"],
        DOGWRAP: wrapped(program, "true"),
        ORIGINAL_POLLING_FAST: wrapped(original, "true", "--proc_poll_interval", "0.01"),
        ORIGINAL: wrapped(original, "true"),
    }
    comparisons = [
        Comparison("wall", SHELL, difference, limit=0.002),
        *[Comparison("wall", name, ratio) for name in (ORIGINAL_POLLING_FAST, ORIGINAL)],
        Comparison("cpu", SHELL, difference),
        *[Comparison("cpu", name, ratio, limit=1 / 60) for name in (ORIGINAL_POLLING_FAST, ORIGINAL)],
        Comparison("peak", limit=16 * MIB),
        Comparison("peak", ORIGINAL, ratio),
    ]
    return Experiment("`true`, nothing to send", contenders, comparisons)


def one_event(program: str, original: str) -> Experiment:
    url, command, printed_bytes = serve_events(), "date +%s%N", 20
    contenders = {
        SHELL: ["/bin/sh", "-c", command],
        DOGWRAP: wrapped(program, command, "-m", "all", url=url),
        ORIGINAL_POLLING_FAST: wrapped(original, command, "-m", "all", "--proc_poll_interval", "0.01", url=url),
    }
    comparisons = [
        Comparison("exit", limit=0.005),
        Comparison("exit", SHELL, difference),
        Comparison("exit", ORIGINAL_POLLING_FAST, ratio),
    ]
    return Experiment("one event sent on loopback", contenders, comparisons, printed_bytes, sends_event=True)


def throughput(program: str, megabytes: int) -> Iterator[Experiment]:
    blocks = max(2, megabytes * 1_000_000 // BLOCK_BYTES // 2 * 2)
    size, half = blocks * BLOCK_BYTES, "cat" + " lines" * (blocks // 2)
    shapes = {f"{LINE_BYTES}-byte lines": "cat" + " lines" * blocks, "one line": "cat" + " one-line" * blocks}
    shapes["lines on both streams"] = f"{half} >&2 & {half}; wait"
    bars = [Comparison("wall", PIPELINE, ratio, limit=1.15), Comparison("cpu", PIPELINE, ratio), Comparison("peak", limit=20 * MIB)]
    for shape, command in shapes.items():
        contenders = {PIPELINE: ["/bin/sh", "-c", f"{{ {command}; }} 2>&1 | cat"], DOGWRAP: wrapped(program, command)}
        for destination, piped_bytes in (("a pipe", size), ("/dev/null", None)):
            yield Experiment(f"{size // 1_000_000} MB, {shape}, to {destination}", contenders, bars, piped_bytes)


def lines_under_the_original(program: str, original: str) -> Experiment:
    """One megabyte is all that the original can be asked for: its time grows with the square of the number of lines."""
    words = ("head -c 1000000 lines", "--proc_poll_interval", "0.01")
    contenders = {DOGWRAP: wrapped(program, *words), ORIGINAL_POLLING_FAST: wrapped(original, *words)}
    comparisons = [Comparison(figure, ORIGINAL_POLLING_FAST, ratio) for figure in ("wall", "cpu", "peak")]
    return Experiment(f"1 MB, {LINE_BYTES}-byte lines, to a pipe", contenders, comparisons, 1_000_000)


def rules_inside(title: str, program: list[str], limits: dict[str, float | None]) -> Experiment:
    """A program that loads the rules as a component measures itself: it prints a JSON object of lists of seconds."""
    comparisons = [Comparison(figure, limit=limit) for figure, limit in limits.items()]
    try:
        measured = json.loads(subprocess.run(program, cwd=HOSTS.parent, capture_output=True, text=True, check=True).stdout)
        return Experiment(title, {}, comparisons, samples={DOGWRAP: {figure: measured[figure] for figure in limits}})
    except (OSError, subprocess.CalledProcessError, json.JSONDecodeError, KeyError) as failure:
        return Experiment(title, {}, comparisons, problem=f"{program[0]} gives no figures: {failure}")


def file_size(title: str, file: str, limit: int) -> Experiment:
    samples = {DOGWRAP: {"size": [os.path.getsize(file)]}} if os.path.isfile(file) else {}
    problem = "" if samples else f"there is no {file}"
    return Experiment(title, {}, [Comparison("size", limit=limit)], samples=samples, problem=problem)


def experiments(options: argparse.Namespace) -> Iterator[tuple[Experiment, int]]:
    """Every experiment with its number of rounds."""
    fewer = max(3, options.runs // 3)
    yield nothing_to_send(options.dogwrap, options.original), options.runs
    yield one_event(options.dogwrap, options.original), options.runs
    yield from ((experiment, fewer) for experiment in throughput(options.dogwrap, options.megabytes))
    yield lines_under_the_original(options.dogwrap, options.original), fewer
    yield rules_inside("the rules in Rust, a fresh instance a call", [options.rust, "--bench"], {"call": 50e-6}), 0
    yield rules_inside("the rules in Python", [options.python, f"{HOSTS}/python/bench.py"], {"import": None, "load": 0.030, "call": 0.001}), 0
    yield rules_inside("the rules in Node", [options.node, f"{HOSTS}/node/bench.mjs"], {"load": None, "call": 0.0002}), 0
    yield file_size("the program", options.dogwrap, 9_000_000), 0
    yield file_size("the component", options.component, 450_000), 0


def show(values: list[float], scale: float, unit: str, sign: str = "") -> str:
    """The median, and the extremes when there is more than one value."""
    inverted = unit == "x" and median(values) < 0.1
    spread = (median(values), min(values), max(values))
    middle, low, high = (f"1/{1 / value:.1f}" if inverted else f"{value / scale:{sign}.2f}" for value in spread)
    return f"{middle} {unit} ({low} .. {high})" if len(values) > 1 else f"{middle} {unit}"


def judge(experiment: Experiment, comparison: Comparison) -> dict[str, object]:
    """One row of the table, with the numbers it is made from."""
    figure, against, how, limit = comparison.figure, comparison.against, comparison.how, comparison.limit
    row = {"experiment": experiment.title, "figure": figure, "against": against, "limit": limit, "verdict": "NOT MEASURED"}
    if experiment.problem:
        return {**row, "ours": experiment.problem}
    compared = ours = experiment.samples[DOGWRAP][figure]
    row["ours"] = show(ours, *UNITS[figure])
    unit = (1, "x") if how is ratio else (*UNITS[figure], "+") if how else UNITS[figure]
    if against:
        if against not in experiment.samples:
            return {**row, "theirs": f"there is no {experiment.contenders[against][0]}"}
        theirs = experiment.samples[against][figure]
        compared = list(map(how, ours, theirs))
        row.update(theirs=show(theirs, *UNITS[figure]), shown=show(compared, *unit))
    row.update(compared=compared, verdict="")
    if limit:
        row.update(bar=f"<= {show([limit], *unit)}", verdict="met" if median(compared) <= limit else "missed")
    return row


def print_table(rows: list[dict[str, object]]) -> None:
    layout = "  {:5} {:31} {:22} {:32} {:30} {:13} {}"
    print(layout.format("", DOGWRAP, "against", "which takes", "so dogwrap is", "bar", "").rstrip())
    for above, row in zip([{}, *rows], rows):
        if row["experiment"] != above.get("experiment"):
            print(row["experiment"])
        columns = (row.get(name) or "" for name in ("figure", "ours", "against", "theirs", "shown", "bar", "verdict"))
        print(layout.format(*columns).rstrip())


def prepare(directory: str) -> dict[str, str]:
    """Makes the directory where everything runs, and returns the environment of every run: nothing in it is the user's."""
    os.chdir(directory)
    Path("lines").write_bytes((b"x" * (LINE_BYTES - 1) + b"\n") * (BLOCK_BYTES // LINE_BYTES))
    Path("one-line").write_bytes(b"x" * BLOCK_BYTES)
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": directory, "XDG_STATE_HOME": f"{directory}/state"}


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--dogwrap", type=os.path.abspath, default="target/release/dogwrap", help="the program")
    parser.add_argument("--original", type=os.path.abspath, default="target/original/bin/dogwrap", help="may be missing")
    parser.add_argument("--component", type=os.path.abspath, default="target/components/dogwrap.wasm")
    parser.add_argument("--rust", type=os.path.abspath, default="target/release/examples/events", help="a program with the rules")
    parser.add_argument("--python", type=os.path.abspath, default="target/python/tests/bin/python", help="with the package")
    parser.add_argument("--node", default="node", help="with the package")
    parser.add_argument("--output", type=os.path.abspath, default="target/bench.json", help="where to write every sample")
    parser.add_argument("--runs", type=int, default=30, help="rounds of an experiment; a third of them when it prints much")
    parser.add_argument("--megabytes", type=int, default=1000, help="what the throughput experiments print")
    parser.add_argument("--quick", action="store_true", help="the same as --runs 10 --megabytes 100")
    options = parser.parse_args()
    if options.quick:
        options.runs, options.megabytes = 10, 100
    if not os.access(options.dogwrap, os.X_OK):
        parser.error(f"there is no {options.dogwrap}")
    return options


def main() -> int:
    options = parse_options()
    become_subreaper()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: ended by SIGTERM"))
    machine = f"{os.uname().sysname} {os.uname().release}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
    performed, rows = [], []
    with tempfile.TemporaryDirectory(prefix="dogwrap-bench-") as directory:
        environment = prepare(directory)
        for experiment, rounds in experiments(options):
            print(f"bench: {experiment.title}", file=sys.stderr)
            perform(experiment, rounds, environment)
            performed.append({name: getattr(experiment, name) for name in ("title", "contenders", "samples", "problem")})
            rows += [judge(experiment, comparison) for comparison in experiment.comparisons]
    print(machine)
    print_table(rows)
    Path(options.output).write_text(json.dumps({"machine": machine, "experiments": performed, "rows": rows}, indent=1) + "\n")
    return 1 if any(experiment["problem"] for experiment in performed) else 0


if __name__ == "__main__":
    sys.exit(main())
