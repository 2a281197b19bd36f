"""Starts a process, times it, and leaves none behind."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36

Sample = dict[str, float]


class RunError(Exception):
    """A run did not do what it was started for."""


def become_subreaper() -> None:
    """Makes this process the parent of every orphan below it, so that none escapes and each can be waited for."""
    if sys.platform != "linux" or ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit("bench: needs Linux, to become the subreaper of what it measures")


def launch(argv: list[str], environment: dict[str, str], output: int) -> tuple[int, socket.socket]:
    """Starts a process that becomes `argv` when something is sent through the socket that is returned with its id.

    The peak memory of a process begins with that of the process it was forked from. Were that this interpreter, nothing
    smaller could be measured; so it is forked from a small shell, which ends and leaves it to us.
    """
    gate, shell_end = socket.socketpair()
    script = 'exec 3<&0; (read -r go <&3; exec "$@" 3<&-) & echo $! >&3'
    with shell_end:
        shell = ["/bin/sh", "-c", script, "sh", *argv]
        subprocess.run(shell, stdin=shell_end.fileno(), stdout=output, stderr=output, env=environment, check=True)
    return int(gate.recv(32)), gate


def time_run(argv: list[str], environment: dict[str, str], output: int, limit: float) -> tuple[Sample, int]:
    """The figures of one run, and the moment when it was over, in nanoseconds since the epoch."""
    process, gate = launch(argv, environment, output)
    with gate, os.fdopen(os.pidfd_open(process), "rb", buffering=0) as process_end:
        started = time.perf_counter()
        gate.send(b"\n")
        if not select.select([process_end], [], [], limit)[0]:
            raise RunError(f"not finished after {limit:.0f} s")
        _, status, usage = os.wait4(process, 0)
        wall, ended = time.perf_counter() - started, time.time_ns()
    if status != 0:
        raise RunError(f"exit status {os.waitstatus_to_exitcode(status)}")
    cpu = usage.ru_utime + usage.ru_stime
    return {"wall": wall, "cpu": cpu, "peak": usage.ru_maxrss * 1024, "faults": usage.ru_minflt}, ended


def children(process: int) -> list[int]:
    """The children of all threads of a process; none once it has ended."""
    found: list[int] = []
    for listed in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):  # The thread has ended.
            found += map(int, listed.read_text().split())
    return found


def descendants(process: int) -> list[int]:
    """Everything below a process, without itself."""
    below = children(process)
    return below + [grandchild for child in below for grandchild in descendants(child)]


def end_children() -> None:
    """Ends what a run left behind. Orphans have become our own children, so their ids cannot mean anything else."""
    while left := children(os.getpid()):
        for child in left:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
