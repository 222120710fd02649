"""Processes that are forked from one which has imported everything, and opened nothing: there is one such a pytest process."""

from multiprocessing import get_context
from typing import Final

FORKS: Final = get_context("forkserver")
_LATE: Final = (
    "pandas",
    "pyarrow",
    "babel.dates",
    "httpcore",
)  # by an engine at its first insert, by a message: a second each time
FORKS.set_forkserver_preload(["agent.cli", "tests.runtime.mortal_process", "tests.notify.mortal_teller", *_LATE])
