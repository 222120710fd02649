"""What a flush leans on, as rows of the journal that are written before it; written twice each is one row."""

from datetime import datetime

import msgspec

from agent.runtime.batch import Batch
from agent.store.base import Entry


def entries(batch: Batch, admitted: list[tuple[str, str]], now: datetime) -> list[Entry]:
    """Newly admitted values (dimension, value), exemplars, and what was removed before it was read."""
    return [*_admitted(admitted, now), *_exemplars(batch, now), *_lost(batch)]


def _admitted(fresh: list[tuple[str, str]], now: datetime) -> list[Entry]:
    return [Entry("admitted", f"{name}/{value}", now, {"dimension": name, "value": value}) for name, value in fresh]


def _exemplars(batch: Batch, now: datetime) -> list[Entry]:
    """Up to five event ids a language, without any text."""
    kept = batch.aggregator.exemplars
    if not kept or batch.frozen is None:
        return []
    body = {"exemplars": [{**key._asdict(), "ids": ids} for key, ids in kept.items()]}
    return [Entry("exemplars", f"{batch.source}@{batch.frozen.flush.end}", now, body)]


def _lost(batch: Batch) -> list[Entry]:
    """What was removed before it was read: noticed again after a crash it is the same row."""
    lost = batch.lost
    return [Entry("lost", f"{lost.source}@{lost.start}", lost.noticed_at, msgspec.to_builtins(lost))] if lost else []
