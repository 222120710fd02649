"""Prometheus' own tool for rules, as Debian's package `prometheus` has it."""

import shutil
import subprocess

MISSING = "there is no promtool (on Debian and Ubuntu: scripts/setup.sh test, or apt-get install prometheus)"


def promtool(*arguments: str) -> str:
    """What it prints; raises AssertionError where it is not there, or finds something wrong."""
    command = shutil.which("promtool")
    assert command, MISSING
    done = subprocess.run([command, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"promtool {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
    return done.stdout
