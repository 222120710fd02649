"""The spine over twins: a log in memory, a store with a plug to pull, a clock that moves when told to."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from agent.aggregate.aggregator import Aggregator
from agent.aggregate.cardinality import Admission
from agent.aggregate.documents import DocumentLanguages
from agent.clock import FakeClock
from agent.decode.base import Decoder
from agent.decode.dead_letter import DeadLetter
from agent.decode.exclude import Exclusion
from agent.decode.native import NativeDecoder
from agent.decode.sink import MemorySink
from agent.errors import RetryLater, Unreachable
from agent.language.evidence import Fitted
from agent.language.expected import Expected
from agent.language.services import Taggers
from agent.language.tagger import Models, Tagger
from agent.records import Partition
from agent.runtime.consume import Consumer
from agent.runtime.first_look import FirstLook
from agent.runtime.stations import Stations
from agent.runtime.tally import Tally
from agent.source.memory import MemorySource
from agent.store.base import Entry, Flush, Selection
from agent.store.memory import MemoryJournal, MemoryWindows

NOW = datetime(2026, 11, 16, 8, 30, tzinfo=UTC)
ALWAYS = Selection(datetime(1970, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC))
P0, P1 = Partition("logs", 0), Partition("logs", 1)
FLUSH_EVERY = timedelta(seconds=20)


def event(n: int, language: str = "ko", **changes: Any) -> bytes:
    """A native event; the same number is the same event id."""
    given = {"event_id": f"e{n}", "timestamp": (NOW - timedelta(minutes=5)).isoformat(), "query_language": language, "results": []}
    return msgspec.json.encode({**given, **changes})


def events(numbers: Iterable[int], language: str = "ko", **changes: Any) -> list[bytes]:
    """Several of them."""
    return [event(n, language, **changes) for n in numbers]


class NoModel:
    """A language model that is never asked: every event declares its language."""

    languages = frozenset({"ko", "en"})

    def candidates(self, text: str, k: int) -> list[tuple[str, float]]:
        """Fail, since nobody should come here."""
        raise AssertionError(f"the model was asked about {text!r} for {k} candidates")

    def answer(self, text: str) -> str | None:
        """Fail likewise."""
        raise AssertionError(f"a second opinion was asked about {text!r}")


class Plug:
    """What is behind it is away while it is pulled."""

    def __init__(self) -> None:
        self.pulled = False

    def check(self) -> None:
        """Raise as an adapter does."""
        if self.pulled:
            raise Unreachable("the store is away")


class UnsteadyWindows(MemoryWindows):
    """The twin, with everything that can happen to an insert."""

    def __init__(self, plug: Plug | None = None) -> None:
        super().__init__()
        self.plug = plug or Plug()
        self.seen: list[Flush] = []
        self.fail = self.lose = self.burn = 0  # so many of the next inserts
        self.stale: list[int | None] = []  # what the next readings of a position answer

    def append(self, flush: Flush) -> None:
        """Take a flush in, unless something is to go wrong."""
        self.seen.append(flush)
        self.plug.check()
        if self.fail:
            self.fail -= 1
            raise RetryLater("the insert was not done")
        if self.burn:
            self.burn -= 1
            self.tokens.add(flush.token)
        super().append(flush)
        if self.lose:
            self.lose -= 1
            raise RetryLater("the answer was lost")

    def position(self, source: str) -> int | None:
        """The stored position, or an old one."""
        self.plug.check()
        return self.stale.pop(0) if self.stale else super().position(source)

    def positions(self) -> Mapping[str, int]:
        """The stored positions, behind the same plug."""
        self.plug.check()
        return super().positions()

    def counted(self, kind: str = "language") -> dict[str, int]:
        """Events by language."""
        return {total.key.language: total.measures.events for total in self.totals(kind, ALWAYS, ("language",))}


class UnsteadyJournal(MemoryJournal):
    """The twin behind a plug."""

    def __init__(self, plug: Plug | None = None) -> None:
        super().__init__()
        self.plug = plug or Plug()

    def write(self, entries: Sequence[Entry]) -> None:
        """Write, or fail; nothing is nothing in any case."""
        if entries:
            self.plug.check()
            super().write(entries)


class UnsteadySink(MemorySink):
    """Dead letters behind a plug."""

    def __init__(self) -> None:
        super().__init__()
        self.plug = Plug()

    def write(self, source: str, letters: Iterable[DeadLetter]) -> None:
        """Keep the letters, or fail."""
        self.plug.check()
        super().write(source, letters)


class Log(MemorySource):
    """The twin, with retention, a start of its own, and a name that can change as when a topic is made anew."""

    def __init__(self) -> None:
        super().__init__()
        self.plug = Plug()
        self.generation = "log"
        self.first = 0
        self.start = 0
        self.polled: Counter[Partition] = Counter()

    def poll(self, max_records: int, timeout_s: float) -> Any:
        """Read on, and count how much came of each partition."""
        passed = frozenset(at for at, position in self._positions.items() if at not in self._paused and position < self.first)
        self._paused |= passed
        polled = super().poll(max_records, timeout_s)._replace(passed=passed)
        self.polled.update({partition: len(records) for partition, records in polled.records.items()})
        return polled

    def position(self, partition: Partition) -> int:
        """The offset that is read next."""
        self.plug.check()
        return super().position(partition)

    def first_position(self, partition: Partition) -> int:  # noqa: ARG002  the same for all
        """What retention has left."""
        return self.first

    def start_position(self, partition: Partition) -> int:  # noqa: ARG002  the same for all
        """Where an unknown partition begins."""
        return self.start

    def identity(self, partition: Partition) -> str:
        """Another name after the topic was made anew."""
        return f"{self.generation}/{partition.number}"


@dataclass
class Rig:
    """One agent's spine; `again()` is the next process over the same log, store and dead letters."""

    log: Log = field(default_factory=Log)
    windows: UnsteadyWindows = field(default_factory=UnsteadyWindows)
    journal: UnsteadyJournal = field(default_factory=UnsteadyJournal)
    letters: UnsteadySink = field(default_factory=UnsteadySink)
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW))
    exclusions: tuple[Exclusion, ...] = ()
    stored: list[Tally] = field(default_factory=list)
    tried: list[timedelta] = field(default_factory=list)
    first_look: FirstLook | None = None
    decoder: Decoder = field(default_factory=NativeDecoder)

    def __post_init__(self) -> None:
        self.consumer = self.new_consumer()

    def new_consumer(self) -> Consumer:
        """A spine that has read nothing yet."""
        admission = Admission()
        admission.load((row.body["dimension"], row.body["value"]) for row in self.journal.read("admitted"))
        return Consumer(
            Stations(
                source=self.log,
                decoder=self.decoder,
                exclusions=self.exclusions,
                taggers=Taggers(Tagger(Models(NoModel(), NoModel(), Fitted(NoModel(), {})), Expected([]))),
                admission=admission,
                new_aggregator=lambda: Aggregator(10, DocumentLanguages(), admission),
                dead_letters=self.letters,
                windows=self.windows,
                journal=self.journal,
                clock=self.clock,
                on_stored=self.stored.append,
                first_look=self.first_look,
                on_try=self.tried.append,
            ),
            FLUSH_EVERY,
        )

    def again(self, *partitions: Partition) -> None:
        """The process ends without a word, and the next one gets these partitions."""
        for partition in partitions or (P0,):
            self.log.revoke(partition)
            self.log.assign(partition)
        self.consumer = self.new_consumer()

    def step(self, times: int = 1, seconds: float = 0) -> None:
        """So many polls, after a while each."""
        for _ in range(times):
            self.clock.advance(timedelta(seconds=seconds))
            self.consumer.step()

    def read(self) -> None:
        """Open the partitions and fold what lies in them; nothing is due yet."""
        self.step(2)

    def flush(self) -> None:
        """Read, and let the time of a flush come."""
        self.read()
        self.step(seconds=FLUSH_EVERY.total_seconds())
