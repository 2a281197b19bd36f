"""The files in examples/: valid for those who read them, and what they run reports itself."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from loopback_api import loopback_api
from project import DOGWRAP, ROOT, executable, needs_root, program

EXAMPLES = ROOT / "examples"
JOB = 'echo "no space left for $1" >&2; exit 3'

# Puts the programs of a directory where the examples have them, for one command and nobody else.
WITH_PROGRAMS = 'mount --bind "$1" /usr/local/bin && shift && exec "$@"'


class Examples(unittest.TestCase):
    def setUp(self) -> None:
        needs_root("put programs into /usr/local/bin for a test alone")
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.programs = self.directory / "bin"
        self.programs.mkdir()
        (self.programs / "dogwrap").write_bytes(DOGWRAP.read_bytes())
        (self.programs / "dogwrap").chmod(0o755)
        executable(self.programs / "backup", JOB)

    def with_programs(self, command: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs a command that finds the programs in /usr/local/bin."""
        environment = {"PATH": f"{self.programs}:/usr/bin:/bin:/usr/sbin", "HOME": str(self.directory), **variables}
        prefix = ["unshare", "--mount", "sh", "-c", WITH_PROGRAMS, "sh", str(self.programs)]
        return subprocess.run([*prefix, *command], env=environment, capture_output=True, text=True, timeout=60)

    def reports_itself(self, command: list[str]) -> None:
        """Runs what an example runs, and checks the event that is sent."""
        with loopback_api() as api:
            finished = self.with_programs(command, DD_API_KEY="key", DD_SITE=api.url, DD_HOSTNAME="node-1")
            self.assertEqual(finished.returncode, 3, finished.stderr)
            event = api.wait_for_event(10)
        self.assertIn("[node-1] nightly backup failed in", str(event["title"]))
        self.assertIn("no space left for --all", str(event["text"]))

    def test_systemd(self) -> None:
        verify = program("systemd-analyze", "systemd")
        units = [str(EXAMPLES / "systemd" / name) for name in ("backup.service", "backup.timer")]
        finished = self.with_programs([verify, "verify", *units])
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        # It would tell: a unit that is wrong is refused.
        broken = self.directory / "broken.service"
        broken.write_text(Path(units[0]).read_text().replace("/usr/local/bin/dogwrap", "/usr/local/bin/absent"))
        self.assertNotEqual(self.with_programs([verify, "verify", str(broken)]).returncode, 0)

        [line] = [line for line in Path(units[0]).read_text().splitlines() if line.startswith("ExecStart=")]
        state = self.directory / "systemd-state"
        script = line.removeprefix("ExecStart=")
        self.reports_itself(["env", f"STATE_DIRECTORY={state}", "sh", "-c", script])
        self.assertEqual(state.stat().st_mode & 0o777, 0o700)

    def test_kubernetes(self) -> None:
        import kubernetes_validate
        import yaml

        job = yaml.safe_load((EXAMPLES / "kubernetes/cronjob.yaml").read_text())
        kubernetes_validate.validate(job, "1.31", strict=True)
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate({**job, "spec": {**job["spec"], "shedule": ""}}, "1.31", strict=True)

        [container] = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        words = [word.replace("/state/", f"{self.directory}/") for word in container["command"] + container["args"]]
        self.reports_itself(words)

    def test_nomad(self) -> None:
        import hcl2

        # No package has a schema of Nomad's jobs: of this file the form is checked, and what it runs.
        with (EXAMPLES / "nomad/backup.nomad.hcl").open() as file:
            [job] = hcl2.load(file)["job"]
        [task] = unquoted(job)["nightly-backup"]["group"][0]["backup"]["task"]
        [configuration] = task["backup"]["config"]
        words = [configuration["command"], *configuration["args"]]
        self.reports_itself([word.replace("${NOMAD_ALLOC_DIR}", str(self.directory)) for word in words])
        self.assertTrue((self.directory / "data/dogwrap").is_dir())


def unquoted(value: object) -> object:
    """The parser keeps the quotes of texts."""
    if isinstance(value, dict):
        return {unquoted(key): unquoted(member) for key, member in value.items()}
    if isinstance(value, list):
        return [unquoted(member) for member in value]
    return value.removeprefix('"').removesuffix('"') if isinstance(value, str) else value


if __name__ == "__main__":
    unittest.main()
