"""A process as a hardened container has it: nothing can be written but a folder in memory and /dev, by a user who is nobody.

The user may read everything all the same: that is a right of the tests' interpreter, which may lie in somebody's home.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Final

USER: Final = 10001
MISSING: Final = "only root can make the disk read-only for one process"
MAY_READ: Final = 1 << 2  # CAP_DAC_READ_SEARCH, as the kernel counts
_READ: Final = "-all,+dac_read_search"
# $1: the folder that can be written; then the command. It is seen by this process alone, and gone with it. What lies below /mnt
# are disks of others, which may refuse.
_SCRIPT: Final = f"""
set -e
mount -t tmpfs -o mode=1777 tmpfs "$1"
while read -r _ place _; do
  case $place in /proc*|/sys*|/dev*|/mnt*|"$1") ;; *) mount -o remount,bind,ro "$place" ;; esac
done </proc/self/mounts
shift
exec setpriv --reuid {USER} --regid {USER} --clear-groups --no-new-privs \\
  --inh-caps {_READ} --ambient-caps {_READ} --bounding-set {_READ} "$@"
"""


class UnavailableError(RuntimeError):
    """It cannot be done here."""


def sealed(writable: Path) -> list[str]:
    """What to put before a command, for as many as you like; raises UnavailableError. Each has the folder empty, and for itself."""
    prefix = ["unshare", "--mount", "sh", "-c", _SCRIPT, "sealed", str(writable)]
    if shutil.which("unshare") is None or subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        raise UnavailableError(MISSING)
    return prefix
