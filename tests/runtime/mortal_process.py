"""The mortal agent as a real process: a store in a folder, a chat behind HTTP, and a SIGKILL.

Each process is forked from one that has imported the agent and opened no engine, which saves a second.
"""

import os
import shutil
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from agent.notify.slack import SlackNotifier
from agent.resources import schemas_dir
from agent.store.base import Flush
from agent.store.migrate import migrate
from tests.runtime import mortal
from tests.runtime.counting import opened
from tests.runtime.mortal import Around, Fate
from tests.support.forks import FORKS

PATIENCE_S = 60
KINDS = ("transition", "outbox", "delivery", "change", "reference", "configuration", "as_of", "state")


class Left(NamedTuple):
    """What a process that lived on found at its end: the journal's rows by kind and id; and the steps that it took."""

    rows: Mapping[str, Mapping[str, Any]]
    steps: Sequence[str]


class Place(NamedTuple):
    """Where processes find the store and the chat, and leave word."""

    folder: Path
    url: str

    def run(self, work: Callable[..., None], *given: Any) -> int:
        """The exit status of a process of its own that does this work here."""
        process = FORKS.Process(target=work, args=(self, *given))
        process.start()
        process.join(PATIENCE_S)
        assert process.exitcode is not None, "it neither ends nor dies"
        return process.exitcode

    def copy(self, folder: Path, url: str) -> "Place":
        """The same past, with another chat."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Place(folder, url)

    @property
    def died(self) -> str:
        """The step at which a process was killed."""
        return (self.folder / "died").read_text()

    @property
    def left(self) -> Left:
        """What the last process that lived on left."""
        return msgspec.json.decode((self.folder / "left.json").read_bytes(), type=Left)


def prepare(place: Place, *past: Flush) -> None:
    """A store with a past, evaluated up to its start."""
    with opened(place.folder) as store:
        migrate(store.engine, schemas_dir() / "clickhouse", retention=False)
        for flush in past:
            store.windows.append(flush)
    live(place, [0])


def live(place: Place, ends: Sequence[int], die_at: int | None = None) -> None:
    """Evaluate, store, deliver; and die at this step."""
    fate = Fate(die_at, lambda name: _kill(place, name))
    with opened(place.folder) as store:
        mortal.live(Around(store.windows, store.journal, SlackNotifier("chat", place.url)), ends, fate)
        rows = {kind: {row.id: (row.at, row.body) for row in store.journal.read(kind)} for kind in KINDS}
    (place.folder / "left.json").write_bytes(msgspec.json.encode(Left(rows, fate.steps)))


def _kill(place: Place, name: str) -> None:
    (place.folder / "died").write_text(name)
    os.kill(os.getpid(), signal.SIGKILL)
