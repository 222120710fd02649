"""A replay: files to their end, everything stored, then every minute in event time."""

import gzip
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.clock import FakeClock
from agent.errors import Unreachable
from agent.records import Partition
from agent.runtime.replay import STORE_PATIENCE, replay
from agent.source.file import FileSource
from tests.runtime.rig import FLUSH_EVERY, NOW, Log, Rig, event
from tests.runtime.watchers import Watch, korean
from tests.store.builders import at, flush, window

LATER = NOW + timedelta(days=1)


class Nobody:
    """Watches a replay, and counts."""

    def __init__(self) -> None:
        self.reads = 0
        self.walked: list[tuple[int, int]] = []

    def read(self) -> None:
        """More was read."""
        self.reads += 1

    def evaluated(self, done: int, total: int) -> None:
        """More was evaluated."""
        self.walked.append((done, total))


class Files(Log):
    """The rig's log, over real files."""

    def __init__(self, *paths: Path) -> None:
        super().__init__()
        self.files = FileSource([str(path) for path in paths])
        for name in (
            "poll",
            "position",
            "seek",
            "pause",
            "resume",
            "first_position",
            "start_position",
            "identity",
            "end_positions",
        ):
            setattr(self, name, getattr(self.files, name))

    def close(self) -> None:
        """Close the files."""
        self.files.close()


class Replay:
    """One replay over twins of everything but the files."""

    def __init__(self, *paths: Path, before: "Replay | None" = None) -> None:
        self.log = Files(*paths)
        self.rig = Rig(log=self.log, clock=FakeClock(LATER))
        if before:
            self.rig.windows, self.rig.journal = before.rig.windows, before.rig.journal
            self.rig.consumer = self.rig.new_consumer()
        self.watch = Watch(windows=self.rig.windows, clock=self.rig.clock)
        self.watcher = Nobody()

    def run(self) -> None:
        """Replay, and close the files."""
        with closing(self.log):
            replay(self.rig.consumer, self.watch.evaluation, self.rig.windows, self.rig.clock, self.watcher)


def written(path: Path, values: list[bytes]) -> Path:
    """A log as a file."""
    data = b"\n".join(values) + b"\n"
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def hourly(numbers: range) -> list[bytes]:
    """An event a minute from the start on."""
    return [event(n, timestamp=at(n).isoformat()) for n in numbers]


def test_everything_is_counted_and_every_minute_evaluated(tmp_path: Path) -> None:
    """Up to and with the newest minute, without waiting for any clock."""
    made = Replay(written(tmp_path / "log.jsonl", [*hourly(range(30)), b"{", *hourly(range(3))]))
    made.run()
    assert made.rig.windows.counted() == {"ko": 30}
    assert made.watch.evaluator.seen == list(range(30))
    assert made.rig.clock.now() == LATER
    tally = made.rig.consumer.tally
    assert (tally.messages, tally.accepted, tally.duplicates, tally.rejected) == (34, 30, 3, 1)


def test_several_files_are_one_log(tmp_path: Path) -> None:
    """Plain or packed; minutes are evaluated after all of them are read, in event time."""
    made = Replay(written(tmp_path / "b.jsonl.gz", hourly(range(10, 20))), written(tmp_path / "a.jsonl", hourly(range(12))))
    made.run()
    assert made.rig.windows.counted() == {"ko": 22}
    assert made.watch.evaluator.seen == list(range(20))


def test_the_same_file_again_adds_nothing(tmp_path: Path) -> None:
    """Its position is in the store; no minute is evaluated a second time."""
    path = written(tmp_path / "log.jsonl", hourly(range(30)))
    first = Replay(path)
    first.run()
    second = Replay(path, before=first)
    second.watch.journal._entries = first.watch.journal._entries
    second.watch.again(resume=False)
    second.run()
    assert second.rig.windows.counted() == {"ko": 30}
    assert second.rig.consumer.tally.messages == 0
    assert second.watch.evaluator.seen == []


def test_a_file_that_grew_goes_on(tmp_path: Path) -> None:
    """Only the new lines are counted, and the known ids are known."""
    path = written(tmp_path / "log.jsonl", hourly(range(30)))
    first = Replay(path)
    first.run()
    written(path, [*hourly(range(30)), *hourly(range(25, 40))])
    second = Replay(path, before=first)
    second.run()
    assert second.rig.windows.counted() == {"ko": 40}
    assert second.rig.consumer.tally.duplicates == 5


def test_a_file_with_another_beginning_is_another_log(tmp_path: Path) -> None:
    """Rotated logs have the name of the last one."""
    path = written(tmp_path / "log.jsonl", hourly(range(30)))
    first = Replay(path)
    first.run()
    written(path, hourly(range(100, 110)))
    second = Replay(path, before=first)
    second.run()
    assert second.rig.windows.counted() == {"ko": 40}


@pytest.mark.parametrize("values", [[], [b"{", b"{"]])
def test_a_log_without_events_has_nothing_to_evaluate(tmp_path: Path, values: list[bytes]) -> None:
    """It ends, and its position is stored."""
    made = Replay(written(tmp_path / "log.jsonl", values))
    made.run()
    assert list(made.rig.windows.positions().values()) == [len(values) or 1]
    assert made.watch.evaluator.seen == []


def test_transitions_are_told_as_they_come(tmp_path: Path) -> None:
    """However long ago they are."""
    made = Replay(written(tmp_path / "log.jsonl", hourly(range(30))))
    made.watch.again({3: korean(), 9: korean("resolved")})
    made.run()
    assert made.watch.states() == ["firing", "resolved"]


def test_how_far_it_is_can_be_watched(tmp_path: Path) -> None:
    """Reading, and then the minutes: each one in its turn, up to the last."""
    made = Replay(written(tmp_path / "log.jsonl", hourly(range(30))))
    made.run()
    assert made.watcher.reads >= 2
    assert [total for _, total in made.watcher.walked] == [30] * 30
    done = [done for done, _ in made.watcher.walked]
    assert done == sorted(done)


def test_a_store_that_is_away_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    """At the end, and nothing is missing."""
    made = Replay(written(tmp_path / "log.jsonl", hourly(range(30))))
    made.rig.windows.fail = 5
    made.run()
    assert made.rig.windows.counted() == {"ko": 30}
    assert timedelta(0) < made.rig.clock.now() - LATER < STORE_PATIENCE


def away_at_the_end(made: Replay) -> None:
    """The store takes nothing."""
    made.rig.windows.fail = 10**9


def away_from_the_start(made: Replay) -> None:
    """The store does not even say where to begin."""
    made.rig.windows.plug.pulled = True


def away_in_the_middle(made: Replay) -> None:
    """The store takes nothing, and a flush falls due while the file is read."""
    made.rig.windows.fail = 10**9
    poll = made.log.poll

    def slowly(*arguments: Any) -> Any:
        made.rig.clock.advance(FLUSH_EVERY)
        return poll(3, 0)

    made.log.poll = slowly  # type: ignore[assignment]  # three lines a poll, and a flush after each


@pytest.mark.parametrize("trouble", [away_at_the_end, away_from_the_start, away_in_the_middle])
def test_a_store_that_stays_away_ends_the_replay(tmp_path: Path, trouble: Callable[[Replay], None]) -> None:
    """With what to do; a replay of the same file goes on where this one stopped."""
    path = written(tmp_path / "log.jsonl", hourly(range(30)))
    made = Replay(path)
    trouble(made)
    with pytest.raises(Unreachable, match="replay the same files again to go on where it stopped"):
        made.run()
    made.rig.windows.plug.pulled, made.rig.windows.fail = False, 0
    again = Replay(path, before=made)
    again.run()
    assert again.rig.windows.counted() == {"ko": 30}


def test_waiting_for_the_store_is_not_busy(tmp_path: Path) -> None:
    """Two minutes are some hundred looks, not millions."""
    made = Replay(written(tmp_path / "log.jsonl", hourly(range(30))))
    away_in_the_middle(made)
    with pytest.raises(Unreachable):
        made.run()
    assert made.watcher.reads < 1000
    assert made.rig.clock.now() - LATER >= STORE_PATIENCE


def test_what_was_lost_to_another_writer_is_read_again(tmp_path: Path) -> None:
    """Somebody counted the beginning of the file meanwhile: the rest is read before the replay ends."""
    path = written(tmp_path / "log.jsonl", hourly(range(30)))
    made = Replay(path)
    made.rig.consumer.step()
    source = made.log.identity(Partition(str(path.resolve()), 0))
    made.rig.windows.append(flush(*(window(n) for n in range(12)), source=source, end=12))
    made.run()
    assert made.rig.windows.counted() == {"ko": 30}
