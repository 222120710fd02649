"""The spine: poll -> decode -> dedup -> tag -> fold -> flush if due. Single-threaded; each station is a folder."""

import logging
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from operator import itemgetter

from opentelemetry.trace import SpanContext

from agent import tracing
from agent.alerting.loss import Loss
from agent.errors import RetryLater
from agent.records import Partition, RawMessage
from agent.runtime.batch import Batch, Frozen
from agent.runtime.entries import entries
from agent.runtime.flush import RETRY_EVERY, Outcome, attempt
from agent.runtime.stations import Stations
from agent.runtime.tally import Tally
from agent.runtime.trouble import Trouble
from agent.source.base import Polled
from agent.source.dedup import RecentIds
from agent.store.base import Flush

log = logging.getLogger(__name__)

CHUNK = 512
MAX_RECORDS = 5_000  # below one partition's fetch kafka-python waits now and then
POLL_SECONDS = 0.2
STALLED = timedelta(minutes=5)
MOST_LINKS = 128  # what an evaluation can be linked to
PATIENCE = timedelta(seconds=10)  # in one step: what hangs must not keep the loop from turning


class Consumer:
    """Carries the log into the store, one poll a step."""

    def __init__(self, stations: Stations, flush_interval: timedelta) -> None:
        self._at = stations
        self._interval = flush_interval
        self._batches: dict[Partition, Batch] = {}
        self._unopened: dict[Partition, datetime] = {}  # when each is tried next
        self._passed: set[Partition] = set()
        self._held: dict[Partition, str] = {}
        self._polled_at = stations.clock.now()
        self.tally = Tally()
        self.trouble = Trouble()
        self.evaluated_to = 0
        self.exhausted = False
        self.flushed: deque[SpanContext] = deque(maxlen=MOST_LINKS)

    @property
    def partitions(self) -> frozenset[Partition]:
        """The partitions that are ours now."""
        return frozenset(self._batches) | self._unopened.keys()

    @property
    def waits(self) -> bool:
        """Whether something cannot go on now, because the store, the log or the place for dead letters is away."""
        return bool(self._unopened) or any(batch.frozen for batch in self._batches.values())

    @property
    def waits_for(self) -> Mapping[str, str]:
        """What cannot go on now, with a sentence on each; nothing when all is well."""
        held = {str(partition): why for partition, why in self._held.items()}
        return held or ({"flush": "a partition cannot be opened or written yet"} if self.waits else {})

    def step(self) -> None:
        """Carry one poll from the log into the open batches; a flush makes them durable, one partition at a time."""
        polled = self._at.source.poll(MAX_RECORDS, POLL_SECONDS)
        now = self._at.clock.now()
        self._follow(polled, now)
        for partition, messages in polled.records.items():
            if batch := self._batches.get(partition):
                self._fold(batch, messages, now)
        self.exhausted = polled.exhausted and not self._unopened  # a partition that begins anew has more to bring
        self._open_all(now)  # after the fold: what was polled before the seek is nobody's
        self._flush_due(now)

    def renew(self, sources: Mapping[Partition, str]) -> None:
        """Begin anew where another log has the name now: made anew with as many records as were read, it brings none to flush."""
        for partition, batch in list(self._batches.items()):
            if sources.get(partition, batch.source) != batch.source:
                self._reopen(partition, self._at.clock.now())

    def _flush_due(self, now: datetime) -> None:
        """Write what is due, whoever has waited longest first; where that takes long the others wait for the next step."""
        begun = self._at.clock.now()
        for batch in sorted(self._batches.values(), key=_waits_since):
            if self._at.clock.now() - begun < PATIENCE:
                self._flush_if_due(batch, now, self._interval)

    def flush_all(self, until: datetime | None = None) -> bool:
        """Write everything that is open, and begin nothing after `until`; True when all of it is in the store."""
        known = [self._flush_at_once(batch, until) for batch in list(self._batches.values())]
        return all(known) and not any(batch.frozen for batch in self._batches.values())

    def _flush_at_once(self, batch: Batch, until: datetime | None) -> bool:
        now = self._at.clock.now()
        return (until is None or now < until) and self._flush_if_due(batch, now, timedelta(0))

    def _flush_if_due(self, batch: Batch, now: datetime, interval: timedelta) -> bool:
        """Write a batch whose time has come; False where that cannot be told, because the broker is away."""
        try:
            due = self._is_due(batch, now, interval)
        except RetryLater as error:
            self._hold(batch.partition, str(error), now)
            return False
        if due:
            self._flush(batch, now)
        elif not batch.frozen:
            self._held.pop(batch.partition, None)
        return True

    def _is_due(self, batch: Batch, now: datetime, interval: timedelta) -> bool:
        if batch.frozen:
            return not interval or now >= batch.frozen.try_at
        if not batch.full() and now - batch.opened_at < interval:
            return False
        return batch.due(self._at.source.position(batch.partition), now, interval)

    def _follow(self, polled: Polled, now: datetime) -> None:
        """Drop the batches that are not ours any more, or too old to be sure of; open anew what is ours."""
        stalled = frozenset(self._batches) if now - self._polled_at >= STALLED else frozenset()
        self._polled_at = now
        for partition in polled.assigned | polled.revoked | stalled:
            self._batches.pop(partition, None)
            self._held.pop(partition, None)
        self._unopened |= dict.fromkeys(polled.assigned | stalled, now)
        self._unopened = {partition: at for partition, at in self._unopened.items() if partition not in polled.revoked}
        self._passed = {partition for partition in self._passed | polled.passed if not self._leave(partition, now)}

    def _leave(self, partition: Partition, now: datetime) -> bool:
        """The log has removed what was to be read next: what was read before is written, then the partition is begun anew.

        False where it cannot be written yet.
        """
        batch = self._batches.get(partition)
        if batch is None or batch.frozen:
            return True
        if not self._flush_if_due(batch, now, timedelta(0)):
            return False
        if batch is self._batches.get(partition) and not batch.frozen:  # there was nothing to write
            self._reopen(partition, now)
        return True

    def _open_all(self, now: datetime) -> None:
        """Begin each new partition at its stored position, whoever has waited longest first; those that cannot be, later."""
        begun = self._at.clock.now()
        for partition, at in sorted(self._unopened.items(), key=itemgetter(1, 0)):
            if at <= now and self._at.clock.now() - begun < PATIENCE:
                self._try_to_open(partition, now)

    def _try_to_open(self, partition: Partition, now: datetime) -> None:
        try:
            self._open(partition, now)
        except RetryLater as error:
            self._hold(partition, str(error), now)
            self._unopened[partition] = self._at.clock.now() + RETRY_EVERY  # what failed may have taken long
            return
        del self._unopened[partition]
        self._held.pop(partition, None)

    def _open(self, partition: Partition, now: datetime) -> None:
        source = self._at.source
        identity = source.identity(partition)
        stored = self._at.windows.position(identity)
        first = source.first_position(partition)
        wanted = source.start_position(partition) if stored is None else stored
        start = max(first, wanted)
        decoder = self._at.decoder
        batch = self._batches[partition] = Batch(
            partition, identity, stored, start, now, self._at.new_aggregator(), decoder.reader(), RecentIds(decoder.window)
        )
        if wanted < first:
            batch.lose(Loss(identity, *partition, wanted, first, now))
        source.seek(partition, max(first, start - decoder.window))
        source.resume(partition)

    def _fold(self, batch: Batch, messages: list[RawMessage], now: datetime) -> None:
        """Some at a time: thousands of events that live at once cost half as much again, since each is in fresh memory."""
        now_ms = int(now.timestamp() * 1000)
        for start in range(0, len(messages), CHUNK):
            chunk = messages[start : start + CHUNK]
            decoded = batch.read(chunk, now_ms)
            if self._at.first_look and chunk[0].offset >= batch.start:
                self._at.first_look.note(len(decoded.accepted), decoded.rejected)
            fresh = batch.sort_out(decoded.accepted, decoded.rejected, self._at.kept)
            batch.count(fresh, self._at.taggers, self.evaluated_to)

    def _flush(self, batch: Batch, now: datetime) -> None:
        """Write a batch; whatever is away, the same rows are tried again later while the other partitions go on."""
        try:
            if batch.frozen is None:
                self._freeze(batch, now)
            outcome = self._timed_write(batch, now)
        except RetryLater as error:
            self._hold(batch.partition, str(error), now)
            if batch.frozen:
                batch.frozen.try_at = self._at.clock.now() + RETRY_EVERY  # what failed may have taken long
            return
        self._held.pop(batch.partition, None)
        if outcome is Outcome.DONE:
            self._go_on(batch, now)
        elif outcome is Outcome.LOST:
            log.info("%s: another writer was first, going on from its position", batch.partition)
            self._reopen(batch.partition, now)
        elif batch.frozen:
            self._hold(batch.partition, batch.frozen.problem, now)

    def _hold(self, partition: Partition, why: str, now: datetime) -> None:
        """A partition cannot go on now: that is told, and tried again."""
        self._held[partition] = why
        self.trouble.note(f"{partition} waits: {why}", now)

    def _freeze(self, batch: Batch, now: datetime) -> None:
        source = self._at.source
        source.pause(batch.partition)
        end = source.position(batch.partition)
        flush = Flush(batch.source, batch.stored, end, 0, tuple(batch.aggregator.windows()))
        batch.frozen = Frozen(flush, try_at=now)

    def _timed_write(self, batch: Batch, now: datetime) -> Outcome:
        begun = self._at.clock.now()
        what: dict[str, str | int] = {
            "topic": batch.partition.topic,
            "partition": batch.partition.number,
            "messages": batch.tally.messages,
        }
        with tracing.span("flush", what) as span:
            try:
                outcome = self._write(batch, now)
                tracing.ended(outcome.value, well=outcome is not Outcome.AGAIN)
            finally:
                self._at.on_try(self._at.clock.now() - begun)
        self.flushed.append(span.get_span_context())
        return outcome

    def _write(self, batch: Batch, now: datetime) -> Outcome:
        """What the flush leans on is written before it; the topic's id is asked again, since a topic can be made anew."""
        assert batch.frozen is not None
        if self._at.source.identity(batch.partition) != batch.source:
            return Outcome.LOST
        if batch.letters:
            self._at.dead_letters.write(batch.source, batch.letters)
            batch.letters = []
        fresh = self._at.admission.fresh()
        self._at.journal.write(entries(batch, fresh, now))
        self._at.admission.saved(fresh)
        return attempt(self._at.windows, batch.frozen, now)

    def _go_on(self, batch: Batch, now: datetime) -> None:
        """Open the next batch where this one ended."""
        assert batch.frozen is not None
        end = batch.frozen.flush.end
        self.tally.merge(batch.tally)
        self._at.on_stored(batch.tally)
        self._batches[batch.partition] = Batch(
            batch.partition, batch.source, end, end, now, self._at.new_aggregator(), batch.reader, batch.recent
        )
        self._at.source.resume(batch.partition)
        self._at.source.commit({batch.partition: end})

    def _reopen(self, partition: Partition, now: datetime) -> None:
        self._batches.pop(partition, None)
        self._unopened[partition] = now


def _waits_since(batch: Batch) -> datetime:
    return batch.frozen.try_at if batch.frozen else batch.opened_at
