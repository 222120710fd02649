"""The open batch of one partition: everything counted since its stored position."""

import logging
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter

from agent.aggregate.aggregator import Aggregator
from agent.alerting.loss import Loss
from agent.decode.base import Decoded, Reader
from agent.decode.dead_letter import DeadLetter
from agent.language.codes import UNDETERMINED
from agent.language.services import Taggers
from agent.language.tagger import Asked, asked_of
from agent.records import Accepted, Partition, RawMessage
from agent.runtime.tally import Tally
from agent.source.dedup import RecentIds
from agent.store.base import Flush

log = logging.getLogger(__name__)

Keep = Callable[[list[Accepted]], list[Accepted]]

MAX_CELLS = 50_000  # a flush has at most two rows a cell and must stay one part: below 200,000 rows
MAX_LETTERS = 1_000
MAX_LETTER_BYTES = 32 << 20


@dataclass
class Batch:
    """`stored` is the position in the store (None: unknown source), `start` where counting begins.

    Records before `start` are read for their ids only, so that a restart knows the same duplicates.
    """

    partition: Partition
    source: str
    stored: int | None
    start: int
    opened_at: datetime
    aggregator: Aggregator
    reader: Reader
    recent: RecentIds
    letters: list[DeadLetter] = field(default_factory=list)
    letter_bytes: int = 0
    tally: Tally = field(default_factory=Tally)
    frozen: "Frozen | None" = None
    lost: Loss | None = None

    def lose(self, lost: Loss) -> None:
        """Note what was removed before it was read; it is counted and told with the flush that passes it."""
        log.error("%s", lost.sentence)
        self.lost = lost
        self.tally.lost = lost.records

    def read(self, messages: list[RawMessage], now_ms: int) -> Decoded:
        """What these messages are; those before the start are read for what they say of others, and not counted."""
        first = bisect_left(messages, self.start, key=attrgetter("offset"))
        before = self.reader.read(messages[:first], now_ms)
        decoded = self.reader.read(messages[first:], now_ms)
        self.tally.messages += len(messages) - first
        self.tally.spans.update(decoded.spans)
        return decoded._replace(accepted=before.accepted + decoded.accepted)

    def sort_out(self, accepted: list[Accepted], letters: list[DeadLetter], keep: Keep) -> list[Accepted]:
        """Count what cannot be used, and give back the events that are new."""
        kept = keep(accepted)
        fresh = self._counted(self.recent.new(kept, self.source))
        counted, kept = self._counted(accepted), self._counted(kept)
        self.tally.excluded += len(counted) - len(kept)
        self.tally.duplicates += len(kept) - len(fresh)
        self.tally.add_accepted(fresh)
        self._reject(letters)
        return fresh

    def _counted(self, accepted: list[Accepted]) -> list[Accepted]:
        """Those from the start on; offsets ascend."""
        if not accepted or accepted[0].offset >= self.start:
            return accepted
        return [item for item in accepted if item.offset >= self.start]

    def _reject(self, letters: list[DeadLetter]) -> None:
        self.letters += letters
        self.letter_bytes += sum(len(letter.message.value) + len(letter.message.key or b"") for letter in letters)
        self.tally.add_rejected(letters)

    def count(self, fresh: list[Accepted], taggers: Taggers, evaluated_to: int) -> None:
        """Tag events and fold them into their windows."""
        tell_answers(fresh, taggers)
        events = [item.event for item in fresh]
        tags = taggers.tag_all([asked_of(event) for event in events], [event.service for event in events])
        self.tally.add_tags([tag for tag, event in zip(tags, events, strict=True) if not event.synthetic])
        self.tally.late += self.aggregator.fold(fresh, tags, evaluated_to)

    def due(self, position: int, now: datetime, interval: timedelta) -> bool:
        """Whether to write: the position moved (or was never written) and the time has come, or the batch is full.

        A position before the start is that of a warm-up.
        """
        if position < self.start or (self.stored is not None and position <= self.stored):
            return False
        return self.full() or now - self.opened_at >= interval

    def full(self) -> bool:
        """Whether more would not fit into one part, or into memory."""
        return len(self.aggregator) >= MAX_CELLS or len(self.letters) >= MAX_LETTERS or self.letter_bytes >= MAX_LETTER_BYTES


def tell_answers(fresh: list[Accepted], taggers: Taggers) -> None:
    """The language of each answer whose text alone is known."""
    answers = [item for item in fresh if item.answer and item.event.response_language is None]
    if not answers:
        return
    tags = taggers.tag_all([Asked(item.answer) for item in answers], [item.event.service for item in answers])
    for item, tag in zip(answers, tags, strict=True):
        item.event.response_language = tag.language if tag.language != UNDETERMINED else None


@dataclass
class Frozen:
    """A batch that is being written: its rows do not change any more, whatever happens to the insert."""

    flush: Flush
    try_at: datetime
    acknowledged: int = 0
    acknowledged_since: datetime | None = None
    problem: str = ""
