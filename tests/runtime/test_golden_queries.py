"""Queries of an open golden run are nobody's, and the counts of users do not change."""

from datetime import timedelta

from agent.clock import FakeClock
from agent.errors import RetryLater
from agent.probing.golden.marks import mark
from agent.probing.kept import OpenRun, entry_of
from agent.records import Accepted, Event
from agent.runtime.golden_queries import EVERY, GoldenQueries
from agent.store.base import Entry
from agent.store.memory import MemoryJournal
from tests.runtime.rig import NOW

KEY = "00" * 16
ASKED = ("wie ändere ich meine Lieferadresse", "how do I return it")
RUN = OpenRun("r1", "support", NOW, NOW + timedelta(minutes=20), KEY, tuple(mark(KEY, text) for text in ASKED))


class Unsteady(MemoryJournal):
    """A journal that may be away."""

    away = False
    reads = 0

    def read(self, *args: object, **named: object) -> list[Entry]:
        """Read, where it is there."""
        self.reads += 1
        if self.away:
            raise RetryLater("the store is away")
        return super().read(*args, **named)  # type: ignore[arg-type]


def accepted(*texts: str | None) -> list[Accepted]:
    """One query after the other, five minutes from now."""
    at = int((NOW + timedelta(minutes=5)).timestamp() * 1000)
    return [Accepted(n, at, Event(str(n), at, query=text)) for n, text in enumerate(texts)]


def test_without_a_run_everybody_is_a_user() -> None:
    """Nothing is looked at."""
    asked = accepted(*ASKED, None)
    assert GoldenQueries(MemoryJournal(), FakeClock(NOW)).without(asked) is asked


def test_the_queries_of_an_open_run_go() -> None:
    """And no others, whatever stands around them."""
    journal = MemoryJournal()
    journal.write([entry_of(RUN)])
    golden = GoldenQueries(journal, FakeClock(NOW))
    kept = golden.without(accepted(f" {ASKED[0]} ", "where is my parcel", None, ASKED[1]))
    assert [item.event.query for item in kept] == ["where is my parcel", None]


def test_the_same_query_after_the_run_is_a_users() -> None:
    """What decides is the time of the event, so that a log that is read again is counted alike."""
    journal = MemoryJournal()
    journal.write([entry_of(RUN)])
    later = int((RUN.until + timedelta(minutes=1)).timestamp() * 1000)
    (item,) = accepted(ASKED[0])
    golden = GoldenQueries(journal, FakeClock(NOW))
    assert golden.without([item]) == []
    user = Accepted(0, later, item.event)
    assert golden.without([user]) == [user]


def test_a_run_is_known_within_seconds_and_stays_known() -> None:
    """The journal is asked every few seconds; while it is away the last answer counts."""
    journal, clock = Unsteady(), FakeClock(NOW)
    golden = GoldenQueries(journal, clock)
    assert len(golden.without(accepted(*ASKED))) == 2
    journal.write([entry_of(RUN)])
    assert len(golden.without(accepted(*ASKED))) == 2
    assert journal.reads == 1
    clock.advance(EVERY)
    assert golden.without(accepted(*ASKED)) == []
    journal.away = True
    clock.advance(EVERY)
    assert golden.without(accepted(*ASKED)) == []
