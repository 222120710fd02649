"""One side of a comparison from a retrieval log with labels, read as the agent reads logs."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from agent.aggregate.documents import DocumentLanguages
from agent.aggregate.ranking import deep_enough, grades
from agent.decode.native import NativeDecoder
from agent.errors import Misconfigured, Mistake
from agent.language.codes import canonical
from agent.language.services import Taggers
from agent.language.tagger import asked_of
from agent.probing.comparing.metric import Metric
from agent.probing.comparing.sides import Marks, Side, averaged
from agent.probing.scores import Group, query_key
from agent.records import Event, RawMessage
from agent.source.base import Source

BATCH: Final = 2_000  # lines at a time
REDACTED: Final = "__REDACTED__"


class Reading(NamedTuple):
    """How logs are read. `taggers`: asked for once a query declares no language. `documents`: None where their language is not asked."""

    decoder: NativeDecoder
    taggers: Callable[[], Taggers]
    documents: DocumentLanguages | None
    metric: Metric
    now_ms: int


class _Column(NamedTuple):
    """The scored queries of a group as they come, eight bytes a figure."""

    keys: "array[int]"
    values: "array[float]"

    def marks(self) -> Marks:
        return averaged(np.frombuffer(self.keys, np.uint64), np.frombuffer(self.values))


class _Gathered:
    """What was read so far."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._columns: defaultdict[Group, _Column] = defaultdict(lambda: _Column(array("Q"), array("d")))
        self.left_out: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()

    def add(self, messages: Sequence[RawMessage]) -> None:
        """Score what these lines hold."""
        accepted, rejected = self._reading.decoder.decode_all(messages, self._reading.now_ms)
        self.rejected.update(letter.reason.value for letter in rejected)
        labelled = [(item.event, grades(item.event.relevant)) for item in accepted]
        why_not = [no_evidence(event, relevant, self._reading.metric.k) for event, relevant in labelled]
        self.left_out.update(filter(None, why_not))
        told = [each for each, why in zip(labelled, why_not, strict=True) if not why]
        for (event, relevant), language in zip(told, self._languages([event for event, _ in told]), strict=True):
            self._score(event, relevant, language)

    def _languages(self, events: Sequence[Event]) -> list[str]:
        """What each declares, else what its text says."""
        found = [canonical(event.query_language) if event.query_language else None for event in events]
        open_ = [event for event, language in zip(events, found, strict=True) if language is None]
        if not open_:
            return [language or "" for language in found]
        tags = iter(self._reading.taggers().tag_all([asked_of(event) for event in open_], (event.service for event in open_)))
        return [language or next(tags).language for language in found]

    def _score(self, event: Event, relevant: dict[str, float], language: str) -> None:
        reading = self._reading
        of_documents = reading.documents.of_relevant(relevant, event) if reading.documents else ""
        column = self._columns[Group(language, of_documents)]
        column.keys.append(query_key(language, event.query or "", relevant))
        column.values.append(reading.metric.of([result.doc_id for result in event.found], relevant))

    def marks(self) -> dict[Group, Marks]:
        """All of it, each query once."""
        return {group: column.marks() for group, column in self._columns.items()}


def no_evidence(event: Event, relevant: Mapping[str, float], k: int) -> str:
    """Why an event says nothing about its ranking at k, else nothing."""
    if not relevant:
        return "unlabelled"
    if not event.query or event.query == REDACTED:
        return "without_text"
    if event.error:
        return "failed"
    return "" if deep_enough(event, k) else "too_shallow"


def log_side(name: str, source: Source, reading: Reading, on_read: Callable[[], object]) -> Side:
    """Read a log to its end; `on_read` is called now and then. Raises Misconfigured where no query can be scored."""
    gathered = _Gathered(reading)
    for messages in _batches(source):
        gathered.add(messages)
        on_read()
    side = Side(name, gathered.marks(), gathered.left_out, gathered.rejected)
    if not side.marks:
        raise Misconfigured([Mistake(name, "", f"expected queries with their text and `relevant`, found none{_why(side)}")])
    return side


def _why(side: Side) -> str:
    counted = [f"{reason} {count:,}" for reason, count in {**side.left_out, **side.rejected}.items()]
    return f" ({', '.join(counted)})" if counted else ""


def _batches(source: Source) -> Iterator[Sequence[RawMessage]]:
    """All messages of a log, from its first."""
    while True:
        polled = source.poll(BATCH, 0.0)
        for partition in polled.assigned:
            source.seek(partition, source.start_position(partition))
            source.resume(partition)
        yield from polled.records.values()
        if polled.exhausted:
            return
