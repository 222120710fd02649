"""The spine: whatever is taken away, lost or restarted, every event of the log is in the store exactly once."""

import logging
import random
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from agent.decode.dead_letter import Reason
from agent.decode.exclude import Exclusion
from agent.errors import RetryLater
from agent.records import Partition
from agent.runtime import batch
from agent.runtime.consume import STALLED
from agent.runtime.flush import RETRY_EVERY
from agent.source.dedup import WINDOW
from agent.store.base import Entry, Flush
from tests.runtime.rig import FLUSH_EVERY, NOW, P0, P1, Log, Rig, event, events
from tests.store.builders import flush, window


@pytest.fixture
def rig() -> Rig:
    """A spine over twins."""
    return Rig()


def test_events_are_in_the_store_after_the_interval(rig: Rig) -> None:
    """Not before, and the position is the end of the log; lag tools are told."""
    rig.log.append(P0, [*events(range(5)), *events(range(5, 7), "en")])
    rig.read()
    assert rig.windows.seen == []
    rig.step(seconds=FLUSH_EVERY.total_seconds())
    assert rig.windows.counted() == {"ko": 5, "en": 2}
    assert rig.windows.positions() == {"log/0": 7}
    assert rig.log.committed == {P0: 7}


def test_partitions_are_flushed_one_by_one(rig: Rig) -> None:
    """Each has its own position and its own insert."""
    rig.log.append(P0, events(range(5)))
    rig.log.append(P1, events(range(5, 8)))
    rig.flush()
    assert rig.windows.positions() == {"log/0": 5, "log/1": 3}
    assert [flush.token for flush in rig.windows.seen] == ["log/0@new#0", "log/1@new#0"]
    assert rig.consumer.partitions == {P0, P1}


def test_the_next_flush_goes_on_where_the_last_one_ended(rig: Rig) -> None:
    """Its token names the position that is stored, and nothing is written while nothing comes."""
    rig.log.append(P0, events(range(5)))
    rig.flush()
    rig.step(5, seconds=60)
    rig.log.append(P0, events(range(5, 9)))
    rig.flush()
    assert [(flush.token, flush.end) for flush in rig.windows.seen] == [("log/0@new#0", 5), ("log/0@5#0", 9)]
    assert rig.windows.counted() == {"ko": 9}


def test_a_new_partition_without_records_gets_its_position(rig: Rig) -> None:
    """Without the row nobody could tell an empty partition from one that was never counted."""
    rig.log.append(P0, [])
    rig.flush()
    assert rig.windows.positions() == {"log/0": 0}
    rig.step(3, seconds=60)
    assert len(rig.windows.seen) == 1


def test_a_batch_of_rejects_is_flushed(rig: Rig) -> None:
    """The position moves past what cannot be read, and the letters are written before it."""
    rig.log.append(P0, [b"{", b"[]", b""])
    rig.flush()
    assert rig.windows.positions() == {"log/0": 3}
    assert [(source, letter.message.offset, letter.reason) for source, letter in rig.letters.letters] == [
        ("log/0", 0, Reason.NOT_JSON),
        ("log/0", 1, Reason.NOT_AN_OBJECT),
        ("log/0", 2, Reason.EMPTY),
    ]
    assert rig.windows.counted() == {}


def test_what_became_of_each_message_is_told_once_it_is_stored(rig: Rig) -> None:
    """Every message is in one count, and a flush that is not stored yet is in none."""
    rig = Rig(exclusions=(Exclusion("service", "loadtest"),))
    rig.log.append(P0, [*events(range(4)), event(1), b"{", event(9, service="loadtest"), event(10, timestamp=0)])
    rig.windows.fail = 1
    rig.flush()
    assert rig.stored == []
    rig.step(seconds=RETRY_EVERY.total_seconds())
    (tally,) = rig.stored
    assert (tally.messages, tally.accepted, tally.duplicates, tally.excluded) == (8, 4, 1, 1)
    assert tally.reasons == {"not_json": 1, "timestamp_before_2000": 1}
    assert rig.consumer.tally == tally


def test_a_revoked_partition_takes_its_open_batch_along(rig: Rig) -> None:
    """Its next owner starts from the stored position and counts the same records."""
    other = Rig(windows=rig.windows)
    rig.log.append(P0, events(range(5)))
    other.log.append(P0, events(range(5)))
    rig.read()
    rig.log.revoke(P0)
    rig.step(3, seconds=30)
    assert rig.windows.seen == []
    assert rig.consumer.partitions == frozenset()
    other.flush()
    assert rig.windows.counted() == {"ko": 5}


def test_a_partition_that_comes_back_starts_from_the_store(rig: Rig) -> None:
    """What was counted before it went away is forgotten, also when it went and came within one poll."""
    rig.log.append(P0, events(range(5)))
    rig.read()
    rig.log.revoke(P0)
    rig.log.assign(P0)
    rig.flush()
    assert rig.windows.counted() == {"ko": 5}
    assert len(rig.windows.seen) == 1


def test_when_another_writer_was_first_nothing_is_counted_twice(rig: Rig) -> None:
    """The batch is dropped, and reading goes on from the other's position."""
    rig.log.append(P0, events(range(10)))
    rig.read()
    rig.windows.append(flush(window(events=4), source="log/0", stored=None, end=4))
    rig.flush()
    assert rig.windows.counted() == {"ko": 4}
    rig.flush()
    assert rig.windows.counted() == {"ko": 10}
    assert rig.windows.positions() == {"log/0": 10}


def test_a_store_that_is_away_gets_the_same_rows_later(rig: Rig) -> None:
    """The batch is frozen with its token; what comes meanwhile waits in the log and is in the next flush."""
    rig.log.append(P0, events(range(5)))
    rig.read()
    rig.windows.plug.pulled = True
    rig.step(seconds=20)
    rig.log.append(P0, events(range(5, 8)))
    rig.step(40, seconds=10)
    assert len(rig.windows.seen) > 30
    first = rig.windows.seen[0]
    assert (first.token, first.end) == ("log/0@new#0", 5)
    assert all(flush == first for flush in rig.windows.seen)
    rig.windows.plug.pulled = False
    rig.step(seconds=RETRY_EVERY.total_seconds())
    assert rig.windows.positions() == {"log/0": 5}
    rig.flush()
    assert rig.windows.counted() == {"ko": 8}


def test_a_flush_is_not_tried_at_every_poll(rig: Rig) -> None:
    """While the store is away it is asked every two seconds."""
    rig.log.append(P0, events(range(5)))
    rig.read()
    rig.windows.plug.pulled = True
    rig.step(seconds=20)
    rig.step(10, seconds=0.1)
    assert len(rig.windows.seen) == 1


def test_other_partitions_go_on_while_one_is_being_written(rig: Rig) -> None:
    """A frozen partition is paused; the others are polled and flushed."""
    rig.log.append(P0, events(range(5)))
    rig.log.append(P1, events(range(5, 8)))
    rig.read()
    rig.windows.fail = 1
    rig.step(seconds=20)
    assert rig.windows.positions() == {"log/1": 3}
    rig.log.append(P0, events(range(20, 25)))
    rig.log.append(P1, events(range(8, 10)))
    rig.step()
    assert rig.log.polled == {P0: 5, P1: 5}


def test_dead_letters_that_cannot_be_written_hold_up_their_partition_only(rig: Rig) -> None:
    """Nothing of it is stored before its letters are; the others are flushed."""
    rig.log.append(P0, [event(1), b"{"])
    rig.log.append(P1, events(range(5, 8)))
    rig.letters.plug.pulled = True
    rig.read()
    rig.step(5, seconds=20)
    assert rig.windows.positions() == {"log/1": 3}
    assert [flush.source for flush in rig.windows.seen] == ["log/1"]
    assert rig.consumer.waits_for == {"logs/0": "the store is away"}
    rig.letters.plug.pulled = False
    rig.step(seconds=RETRY_EVERY.total_seconds())
    assert rig.consumer.waits_for == {}
    assert rig.windows.positions() == {"log/0": 2, "log/1": 3}
    assert [letter.reason for _, letter in rig.letters.letters] == [Reason.NOT_JSON]


def test_letters_are_not_written_again_with_each_try_of_the_insert(rig: Rig) -> None:
    """A store that is away for an hour does not fill the dead-letter topic."""
    rig.log.append(P0, [b"{"])
    rig.windows.fail = 5
    rig.flush()
    rig.step(6, seconds=10)
    assert rig.windows.positions() == {"log/0": 1}
    assert len(rig.letters.letters) == 1


def test_a_journal_that_is_away_holds_up_the_flush(rig: Rig) -> None:
    """Admitted values stand in the journal before any window uses them."""
    rig.log.append(P0, [event(1, service="help")])
    rig.journal.plug.pulled = True
    rig.flush()
    assert rig.windows.seen == []
    rig.journal.plug.pulled = False
    rig.step(seconds=RETRY_EVERY.total_seconds())
    assert rig.windows.counted() == {"ko": 1}
    assert [row.body for row in rig.journal.read("admitted")] == [{"dimension": "service", "value": "help"}]


def test_exemplars_are_ids_without_text(rig: Rig) -> None:
    """Up to five events that found nothing, for each language; written twice they are one row."""
    rig.log.append(P0, events(range(9), query="비밀번호를 바꾸려면"))
    rig.windows.fail = 2
    rig.flush()
    rig.step(3, seconds=10)
    (row,) = rig.journal.read("exemplars")
    assert row == Entry("exemplars", "log/0@9", row.at, row.body)
    assert row.body == {
        "exemplars": [
            {"service": "", "environment": "", "language": "ko", "index_version": "", "ids": ["e0", "e1", "e2", "e3", "e4"]}
        ]
    }


def test_duplicates_count_once(rig: Rig) -> None:
    """In one batch and over a flush."""
    rig.log.append(P0, [event(1), event(2), event(1)])
    rig.flush()
    rig.log.append(P0, [event(2), event(3)])
    rig.flush()
    assert rig.windows.counted() == {"ko": 3}
    assert rig.consumer.tally.duplicates == 2


def test_a_restart_knows_the_same_duplicates(rig: Rig) -> None:
    """The records before the stored position are read for their ids, and are not counted or rejected again."""
    rig.log.append(P0, [event(1), b"{", event(2)])
    rig.flush()
    rig.again()
    rig.log.append(P0, [event(1), event(2), event(3)])
    rig.flush()
    assert rig.windows.counted() == {"ko": 3}
    assert (rig.consumer.tally.messages, rig.consumer.tally.duplicates, rig.consumer.tally.rejected) == (3, 2, 0)
    assert len(rig.letters.letters) == 1


class FedAgain(Log):
    """A log in which the last message is the dead letter of this id."""

    letter = ""

    def poll(self, max_records: int, timeout_s: float) -> Any:
        """Read on, with the header where it was set."""
        polled = super().poll(max_records, timeout_s)
        return polled._replace(
            records={
                partition: [replace(message, again=self.letter if message.offset == 2 else "") for message in messages]
                for partition, messages in polled.records.items()
            }
        )


@pytest.mark.parametrize(
    ("letter", "counted"),
    [("log/0:1", 1), ("log/0:0", 0), ("", 0), ("another/0:1", 0), ("log/0:" + "9" * 5000, 0), ("log/0:x", 0), (":", 0)],
)
def test_a_letter_that_is_fed_again_is_no_duplicate_of_itself(letter: str, counted: int) -> None:
    """After a restart with better settings the rejected message is read for its id: that it came is not that it counted."""
    rig = Rig(log=FedAgain())
    rig.log.letter = letter  # type: ignore[attr-defined]  # of the class above
    rig.log.append(P0, [b"{", event(1)])
    rig.windows.append(flush(source="log/0", stored=None, end=2))
    rig.log.append(P0, [event(1)])
    rig.flush()
    assert rig.consumer.tally.accepted == counted
    assert rig.consumer.tally.duplicates == 1 - counted


def test_a_restart_reads_only_the_last_records_for_their_ids(rig: Rig) -> None:
    """An id that lies further back than the window counts again, for whoever has read on and for whoever starts anew."""
    filler = [b"{"] * WINDOW
    rig.log.append(P0, [event(1), event(2), *filler])
    rig.windows.append(flush(source="log/0", stored=None, end=WINDOW + 2))
    rig.log.append(P0, [event(1), event(2), event(2)])
    rig.step(20)
    rig.step(seconds=20)
    assert rig.log.polled == {P0: WINDOW + 3}
    assert rig.windows.counted() == {"ko": 2}


def test_the_warm_up_is_never_flushed(rig: Rig) -> None:
    """While the records before the start are read nothing is due, however long it takes and even at the end."""
    rig.log.append(P0, events(range(12_000)))
    rig.windows.append(flush(source="log/0", stored=None, end=11_000))
    rig.windows.seen.clear()
    rig.step(2, seconds=60)
    assert 0 < rig.log.position(P0) < 11_000
    assert rig.consumer.flush_all()
    assert rig.windows.seen == []
    rig.step(3, seconds=60)
    assert rig.windows.counted() == {"ko": 1000}


def test_an_unknown_source_that_begins_late_counts_nothing_before(rig: Rig) -> None:
    """With `start: latest` the records before it are read for their ids only, also when the agent stops meanwhile."""
    rig.log.append(P0, events(range(12_000)))
    rig.log.start = 11_000
    rig.step(2, seconds=60)
    assert 0 < rig.log.position(P0) < 11_000
    assert rig.consumer.flush_all()
    assert rig.windows.positions() == {}
    rig.again()
    rig.step(5)
    rig.step(seconds=60)
    assert rig.windows.counted() == {"ko": 1000}
    assert rig.windows.positions() == {"log/0": 12_000}


def lost(rig: Rig) -> list[tuple[str, int, int]]:
    """What the journal has of lost records."""
    return [(row.id, row.body["start"], row.body["end"]) for row in rig.journal.read("lost")]


def test_what_retention_removed_is_told_and_passed_over(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """Reading goes on with the oldest record that is left; the token still names the stored position. It is counted and kept."""
    rig.log.append(P0, events(range(10)))
    rig.windows.append(flush(source="log/0", stored=None, end=3))
    rig.log.first = 7
    with caplog.at_level(logging.ERROR):
        rig.flush()
    assert "Up to 4 records of logs, partition 0, were removed from the log before they were read" in caplog.text
    assert rig.windows.counted() == {"ko": 3}
    assert rig.windows.seen[-1].token == "log/0@3#0"
    assert lost(rig) == [("log/0@3", 3, 7)]
    assert rig.consumer.tally.lost == 4
    assert rig.consumer.tally.messages == 3


def test_a_loss_is_counted_with_the_flush_that_passes_it(rig: Rig) -> None:
    """A crash before it notices the same loss again, larger by then; a flush after it none."""
    rig.log.append(P0, events(range(10)))
    rig.windows.append(flush(source="log/0", stored=None, end=3))
    rig.log.first = 5
    rig.windows.fail = 1
    rig.flush()
    assert lost(rig) == [("log/0@3", 3, 5)]
    assert rig.stored == []
    rig.again()
    rig.log.first = 7
    rig.flush()
    rig.log.append(P0, events(range(10, 12)))
    rig.flush()
    assert lost(rig) == [("log/0@3", 3, 7)]
    assert [tally.lost for tally in rig.stored] == [4, 0]
    assert rig.windows.counted() == {"ko": 5}


def test_retention_that_passes_a_reader_costs_only_what_was_not_read(rig: Rig) -> None:
    """In the middle of a run: what was read and not stored yet is stored, then reading goes on with the oldest record."""
    rig.log.append(P0, events(range(10)))
    rig.flush()
    rig.log.append(P0, events(range(10, 12)))
    rig.step()
    rig.log.append(P0, events(range(12, 20)))
    rig.log.first = 14
    rig.step()
    assert rig.windows.positions() == {"log/0": 12}
    rig.flush()
    assert lost(rig) == [("log/0@12", 12, 14)]
    assert rig.windows.counted() == {"ko": 18}
    assert rig.consumer.tally.lost == 2


def test_retention_that_passes_while_the_store_is_away_forgets_nothing(rig: Rig) -> None:
    """The batch that waits is written when the store is back; only then what is gone is counted as lost."""
    rig.log.append(P0, events(range(10)))
    rig.read()
    rig.windows.plug.pulled = True
    rig.step(3, seconds=20)
    rig.log.append(P0, events(range(10, 20)))
    rig.log.first = 14
    rig.step(3, seconds=20)
    rig.windows.plug.pulled = False
    rig.flush()
    rig.flush()
    assert lost(rig) == [("log/0@10", 10, 14)]
    assert rig.windows.counted() == {"ko": 16}


def test_retention_that_passes_during_the_warm_up_is_no_loss(rig: Rig) -> None:
    """Records that are read for their ids only were counted before."""
    rig.log.append(P0, events(range(10)))
    rig.windows.append(flush(window(events=8), source="log/0", stored=None, end=8))
    rig.step()
    rig.log.first = 4
    rig.flush()
    rig.flush()
    assert lost(rig) == []
    assert rig.windows.counted() == {"ko": 10}


def test_an_empty_partition_whose_records_are_gone_is_a_loss_too(rig: Rig) -> None:
    """Nothing is left to read, and the position moves on all the same."""
    rig.log.append(P0, events(range(10)))
    rig.windows.append(flush(source="log/0", stored=None, end=3))
    rig.log.first = 10
    rig.flush()
    assert lost(rig) == [("log/0@3", 3, 10)]
    assert rig.windows.positions() == {"log/0": 10}


def test_a_topic_made_anew_is_another_source(rig: Rig) -> None:
    """What was read of the old one and not written yet is forgotten, and the new one begins at its start."""
    rig.log.append(P0, events(range(5)))
    rig.flush()
    rig.log.append(P0, events(range(5, 8)))
    rig.read()
    rig.log.generation = "new"
    rig.flush()
    rig.flush()
    assert rig.windows.positions() == {"log/0": 5, "new/0": 8}
    assert rig.windows.counted() == {"ko": 13}


def test_a_batch_that_was_not_polled_for_minutes_is_forgotten(rig: Rig) -> None:
    """After a pause of the whole process somebody else may have written: the position is asked again."""
    rig.log.append(P0, events(range(5)))
    rig.read()
    rig.windows.append(flush(window(events=5), source="log/0", stored=None, end=5))
    rig.windows.seen.clear()
    rig.log.append(P0, events(range(5, 7)))
    rig.step(seconds=STALLED.total_seconds())
    assert rig.windows.seen == []
    rig.flush()
    assert [flush.token for flush in rig.windows.seen] == ["log/0@5#0"]
    assert rig.windows.counted() == {"ko": 7}


def test_a_partition_waits_until_its_position_can_be_asked(rig: Rig) -> None:
    """Without the stored position nobody knows where to begin; nothing is read before, and it is ours all the same."""
    rig.log.append(P0, events(range(5)))
    rig.windows.plug.pulled = True
    rig.step(5, seconds=30)
    assert rig.log.polled == {}
    assert rig.consumer.partitions == {P0}
    rig.windows.plug.pulled = False
    rig.step(seconds=2)
    rig.flush()
    assert rig.windows.counted() == {"ko": 5}


def test_a_store_that_is_away_at_the_start_is_not_asked_at_every_poll(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """Five polls a second are a try every two seconds, and a line of the log a minute."""
    rig.log.append(P0, events(range(5)))
    rig.windows.plug.pulled = True
    rig.step(900, seconds=0.1)
    first, second = caplog.messages
    assert first == "logs/0 waits: the store is away"
    assert re.fullmatch(r"logs/0 waits: the store is away \((29|30|31) failures since 08:30:00 UTC\)", second)


class Slow:
    """A store that takes its time for each insert, and then has not done it."""

    def __init__(self, rig: Rig, seconds: float) -> None:
        self.tried: list[str] = []
        self._clock, self._seconds = rig.clock, seconds
        rig.windows.append = self  # type: ignore[method-assign]  # it hangs

    def __call__(self, flush: Flush) -> None:
        """Hang."""
        self.tried.append(flush.source)
        self._clock.sleep(self._seconds)
        raise RetryLater("no answer")


def test_a_store_that_hangs_does_not_hold_up_the_loop(rig: Rig) -> None:
    """One time-out a step and not one for each partition; none of them is tried twice while another has not been tried."""
    partitions = [Partition("logs", number) for number in range(6)]
    for partition in partitions:
        rig.log.append(partition, events([partition.number]))
    rig.read()
    slow = Slow(rig, seconds=20)
    for _ in range(12):
        before = rig.clock.now()
        rig.step(seconds=30)
        assert rig.clock.now() - before <= timedelta(seconds=30 + 20)
    assert slow.tried == [f"log/{number}" for number in range(6)] * 2


def test_a_partition_that_cannot_be_opened_does_not_keep_the_others_from_being_written(rig: Rig) -> None:
    """Asking for its position takes all of a time-out, again and again."""
    rig.log.append(P0, events(range(5)))
    rig.read()
    rig.log.append(P1, events(range(5)))
    real = rig.windows.position

    def position(source: str) -> int | None:
        if source == "log/1":
            rig.clock.sleep(20)
            raise RetryLater("no answer")
        return real(source)

    rig.windows.position = position  # type: ignore[method-assign]  # it hangs
    rig.step(3, seconds=20)
    assert rig.windows.positions() == {"log/0": 5}


@pytest.mark.parametrize("away", [P0, P1])
def test_a_partition_that_cannot_be_opened_does_not_keep_the_others_from_being_read(rig: Rig, away: Partition) -> None:
    """The broker that leads it is away; the others are elsewhere."""
    for partition in (P0, P1):
        rig.log.append(partition, events(range(5)))
    real = rig.log.first_position

    def first_position(partition: Partition) -> int:
        if partition == away:
            raise RetryLater("its leader is away")
        return real(partition)

    rig.log.first_position = first_position  # type: ignore[method-assign]  # for one of them
    rig.step(3, seconds=20)
    assert rig.windows.positions() == {f"log/{1 - away.number}": 5}
    rig.log.first_position = real  # type: ignore[method-assign]
    rig.step(3, seconds=20)
    assert rig.windows.positions() == {"log/0": 5, "log/1": 5}


def test_what_was_read_is_not_lost_while_the_position_is_not_known(rig: Rig) -> None:
    """Retention has passed the reader while the broker does not say how far it has read: the batch waits for the word."""
    rig.log.append(P0, events(range(6)))
    rig.read()
    rig.log.append(P0, events(range(6, 20)))
    rig.log.first = 10
    rig.log.plug.pulled = True
    rig.step(2)
    rig.log.plug.pulled = False
    rig.step(3, seconds=20)
    assert rig.windows.counted() == {"ko": 6 + 10}


@pytest.mark.parametrize("limit", ["MAX_CELLS", "MAX_LETTERS", "MAX_LETTER_BYTES"])
def test_a_full_batch_is_flushed_before_its_time(rig: Rig, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    """Neither the rows of one insert nor memory grow without end."""
    monkeypatch.setattr(batch, limit, 3)
    rig.log.append(P0, [*events(range(3)), event(3, "en"), event(4, service="x"), b"{", b"{", b"{"])
    rig.read()
    assert rig.windows.positions() == {"log/0": 8}


def test_at_the_end_everything_is_written(rig: Rig) -> None:
    """Stopping does not wait for the interval."""
    rig.log.append(P0, events(range(5)))
    rig.read()
    assert rig.consumer.flush_all()
    assert rig.windows.counted() == {"ko": 5}


def test_at_the_end_it_is_said_when_something_is_left(rig: Rig) -> None:
    """The caller tries again, and gets the same rows written."""
    rig.log.append(P0, events(range(5)))
    rig.read()
    rig.windows.fail = 1
    assert not rig.consumer.flush_all()
    assert rig.consumer.flush_all()
    assert rig.windows.counted() == {"ko": 5}


def test_a_store_that_hangs_holds_up_the_end_for_one_try(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a minute for each partition would be longer than anybody waits: after the time that is given no other is begun."""
    tried: list[Flush] = []

    def hang(flush: Flush) -> None:
        tried.append(flush)
        rig.clock.sleep(30)
        raise RetryLater("no answer")

    rig.log.append(P0, events(range(5)))
    rig.log.append(P1, events(range(5)))
    rig.read()
    monkeypatch.setattr(rig.windows, "append", hang)
    assert not rig.consumer.flush_all(rig.clock.now() + timedelta(seconds=20))
    assert len(tried) == 1


@pytest.mark.parametrize("ask", [Rig.step, lambda rig: rig.consumer.flush_all()], ids=["step", "flush_all"])
def test_a_broker_that_does_not_know_a_position_loses_nothing(rig: Rig, ask: Callable[[Rig], object]) -> None:
    """The position of a partition may have to be asked of a broker that is away: the batch waits."""
    rig.log.append(P0, events(range(5)))
    rig.read()
    rig.clock.advance(FLUSH_EVERY)
    rig.log.plug.pulled = True
    ask(rig)
    assert rig.windows.seen == []
    rig.log.plug.pulled = False
    rig.step(seconds=2)
    assert rig.windows.counted() == {"ko": 5}


def test_late_events_are_counted_as_such(rig: Rig) -> None:
    """A minute that was evaluated gets its event all the same."""
    rig.log.append(P0, [event(1), event(2, timestamp=(NOW - timedelta(hours=1)).isoformat())])
    rig.consumer.evaluated_to = int((NOW - timedelta(minutes=30)).timestamp()) // 60
    rig.flush()
    assert rig.consumer.tally.late == 1
    assert rig.windows.counted() == {"ko": 2}


def test_admitted_values_outlive_a_restart(rig: Rig) -> None:
    """A value that was let in is let in again, and is not written twice."""
    rig.log.append(P0, [event(1, service="help")])
    rig.flush()
    rig.again()
    rig.log.append(P0, [event(2, service="help")])
    rig.flush()
    assert [row.id for row in rig.journal.read("admitted")] == ["service/help"]


class Chaos:
    """Two agents over one log and one store, and a coin that decides what happens next."""

    def __init__(self, seed: int) -> None:
        self.coin = random.Random(seed)
        self.one = Rig()
        self.two = Rig(windows=self.one.windows, journal=self.one.journal, letters=self.one.letters, clock=self.one.clock)
        self.two.log._logs = self.one.log._logs
        self.sent: dict[str, set[int]] = {"ko": set(), "en": set()}
        self.number = 0

    def run(self, steps: int) -> None:
        """Let things happen, and at the end nothing more."""
        for _ in range(steps):
            self.coin.choice((self.send, self.send, self.hand_over, self.restart, self.fault))()
            for rig in (self.one, self.two):
                rig.step(self.coin.randrange(4), seconds=self.coin.choice((0.2, 3, 25)))
        self.one.windows.plug.pulled = self.one.letters.plug.pulled = False
        self.one.windows.fail = self.one.windows.lose = self.one.windows.burn = 0
        for _ in range(30):
            self.one.step(seconds=11)
            self.two.step()

    def send(self) -> None:
        """Some records, a few of them twice and a few that nobody can read; an event's partition is always the same."""
        for _ in range(self.coin.randrange(20)):
            n = self.number if self.coin.random() < 0.8 or not self.number else self.coin.randrange(self.number)
            self.number = max(self.number, n + 1)
            language = ("ko", "en")[n % 2]
            partition = (P0, P1)[n % 3 % 2]
            value = b"{" if n % 11 == 0 else event(n, language)
            self.sent[language] |= set() if n % 11 == 0 else {n}
            self.one.log.append(partition, [value])
            self.two.log.assign(partition)

    def hand_over(self) -> None:
        """A partition leaves one of them; often the other has it too, as a zombie does."""
        giver = self.coin.choice((self.one, self.two))
        partition = self.coin.choice((P0, P1))
        giver.log.revoke(partition)
        if self.coin.random() < 0.7:
            giver.log.assign(partition)

    def restart(self) -> None:
        """One of them dies without a word."""
        self.coin.choice((self.one, self.two)).again(P0, P1)

    def fault(self) -> None:
        """The store fails in some way."""
        windows = self.one.windows
        self.coin.choice(
            (
                lambda: setattr(windows, "fail", 2),
                lambda: setattr(windows, "lose", 2),
                lambda: setattr(windows, "burn", 1),
                lambda: setattr(windows.plug, "pulled", not windows.plug.pulled),
                lambda: setattr(self.one.letters.plug, "pulled", not self.one.letters.plug.pulled),
            )
        )()


@pytest.mark.parametrize("seed", range(25))
def test_every_event_is_counted_exactly_once(seed: int) -> None:
    """Two writers at a time, hand-overs, crashes, lost answers, burnt tokens: the sums are those of the distinct events."""
    chaos = Chaos(seed)
    chaos.run(60)
    assert chaos.one.windows.counted() == {language: len(numbers) for language, numbers in chaos.sent.items()}
    ends = {f"log/{partition.number}": end for partition, end in chaos.one.log.end_positions().items()}
    assert chaos.one.windows.positions() == ends


def test_the_chaos_notices_a_missing_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without tokens the same chaos counts wrongly: the test above can fail."""
    monkeypatch.setattr("agent.store.base.Flush.token", property(lambda flush: f"{id(flush)}/{random.random()}"))
    wrong = 0
    for seed in range(10):
        chaos = Chaos(seed)
        chaos.run(60)
        wrong += chaos.one.windows.counted() != {language: len(numbers) for language, numbers in chaos.sent.items()}
    assert wrong >= 5


def test_the_rig_s_plug_is_an_error_to_retry() -> None:
    """What the twins raise is what the adapters raise."""
    rig = Rig()
    rig.windows.plug.pulled = True
    with pytest.raises(RetryLater):
        rig.windows.position("log/0")


def test_each_try_of_a_flush_is_timed(rig: Rig) -> None:
    """Also one that fails after it took long: a store that hangs is seen while it hangs."""
    append = rig.windows.append

    def slowly(flush: Flush) -> None:
        rig.clock.advance(timedelta(seconds=3))
        append(flush)

    rig.windows.append = slowly  # type: ignore[method-assign]  # a store that takes its time
    rig.windows.fail = 1
    rig.log.append(P0, events(range(3)))
    rig.flush()
    rig.step(seconds=10)
    assert rig.tried == [timedelta(seconds=3)] * 2
    assert rig.windows.counted() == {"ko": 3}
