"""The agent's own path: broker to stored rows. HOW: tagger (ours) or plain (lid.176 alone)."""

import tempfile
import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

from agent import opening, parts
from agent.config.settings import Settings
from agent.decode.dead_letter import DeadLetter
from agent.decode.sink import MemorySink
from agent.memory import keep_buffers
from agent.opening import CLOCK, schemas
from agent.runtime.first_look import FirstLook
from agent.store.base import Entry
from agent.store.migrate import migrate
from benchmarks.ingest.meter import Job, Meter, job
from benchmarks.ingest.work import SETTINGS, PlainTagger


def settings(given: Job) -> Settings:
    """A group of its own, read from the beginning."""
    kafka = {"bootstrap_servers": [given.bootstrap], "topics": [given.topic], "group_id": uuid.uuid4().hex, "start": "earliest"}
    return Settings.model_validate({**SETTINGS, "source": {"kafka": kafka}})


def run(given: Job) -> None:
    """Read, count and store; what one start costs (the embedded engine, its first insert) is outside."""
    keep_buffers()
    chosen = settings(given)
    tagger: Any = parts.taggers(chosen) if given.how == "tagger" else PlainTagger()
    with ExitStack() as stack:
        store = opening.store_in(stack, chosen, Path(stack.enter_context(tempfile.TemporaryDirectory())))
        migrate(store.engine, schemas(), retention=False)
        stack.enter_context(patch.object(parts, "taggers", return_value=tagger))
        store.journal.write([Entry("started", "once", CLOCK.now(), {})])  # the first insert imports what writing needs
        meter = Meter()
        source = opening.joined(stack, chosen, parts.kafka_address(chosen), None)
        seen = _Seen()
        consumer = opening.consumer(chosen, store, source, MemorySink(), opening.Watchers(first_look=seen))
        while seen.messages < given.events:
            consumer.step()
        while not consumer.flush_all():
            time.sleep(0.05)
        rows = store.engine.rows("SELECT count() FROM windows WHERE kind IN ('language', 'pair')")[0][0]
        meter.show(consumer.tally.accepted, rows)


class _Seen(FirstLook):
    """Counts what was read."""

    def __init__(self) -> None:
        super().__init__()
        self.messages = 0

    def note(self, accepted: int, rejected: Sequence[DeadLetter]) -> None:
        """So many more."""
        self.messages += accepted + len(rejected)


if __name__ == "__main__":
    run(job())
