"""The crontab of the README, in Debian's real cron."""

import os
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from loopback_api import loopback_api
from project import DOGWRAP, executable, needs_root, program, snippet

# Cron starts what is due at the beginning of each minute.
PATIENCE = 75.0

# A cron of our own: it sees no crontab but ours, and nobody else sees that.
START = """
set -e
mount -t tmpfs none /run
mount -t tmpfs none /etc/cron.d
mount --bind /dev/null /etc/crontab
mount --bind "$1" /var/spool/cron
exec "$2" -f
"""


class Cron(unittest.TestCase):
    def test_the_crontab_of_the_readme_reports_a_failing_job(self) -> None:
        needs_root("run a cron of its own")
        cron = program("cron", "cron")
        with loopback_api() as api, tempfile.TemporaryDirectory() as directory:
            programs = Path(directory, "bin")
            programs.mkdir()
            (programs / "dogwrap").symlink_to(DOGWRAP)
            executable(programs / "backup", 'echo "no space left for $1" >&2; exit 3')
            surroundings = [f"PATH={programs}:/usr/bin:/bin", f"DD_SITE={api.url}", f"XDG_STATE_HOME={directory}/state"]
            lines = [line.replace("17 3 * * *", "* * * * *") for line in snippet("From a crontab").splitlines()]
            self.assertTrue(any(line.startswith("* * * * *") for line in lines), lines)
            crontabs = Path(directory, "spool/crontabs")
            crontabs.mkdir(parents=True)
            crontab = crontabs / "root"
            crontab.write_text("\n".join([*surroundings, *lines, ""]))
            crontab.chmod(0o600)
            daemon = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", START, "sh", str(crontabs.parent), cron],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
            )
            try:
                event = api.wait_for_event(PATIENCE)
            finally:
                os.killpg(daemon.pid, signal.SIGTERM)
                daemon.wait()
        self.assertIn("nightly backup failed in", str(event["title"]))
        self.assertIn("no space left for --all", str(event["text"]))
        self.assertIn("@oncall", str(event["text"]))
        self.assertEqual(api.keys, ["0123456789abcdef0123456789abcdef"])


if __name__ == "__main__":
    unittest.main()
