"""A full disk: what cannot be written waits and is written once there is room, over the same connection."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agent.clock import SystemClock
from agent.decode.dead_letter import DeadLetter, Reason
from agent.decode.sink import FileSink
from agent.errors import RetryLater
from agent.records import Partition, RawMessage
from agent.runtime.batch import Frozen
from agent.runtime.flush import Outcome, attempt
from agent.store.clickhouse import ClickHouseJournal, ClickHouseWindows
from agent.store.engine import embedded
from agent.store.migrate import migrate
from tests.runtime.rig import NOW
from tests.store.builders import entry, flush, window
from tests.store.conftest import SCHEMAS
from tests.support.small_disk import SmallDisk, UnavailableError, small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """With room, to begin with."""
    try:
        with small_disk(tmp_path / "disk") as ours:
            yield ours
    except UnavailableError as reason:
        pytest.skip(str(reason))


def test_a_flush_waits_for_room_and_counts_once(disk: SmallDisk) -> None:
    """The engine goes on, what was written stays readable, and the same rows go in when somebody has made room."""
    with closing(embedded(disk.folder / "engine")) as engine:
        migrate(engine, SCHEMAS, retention=False)
        windows, journal = ClickHouseWindows(engine), ClickHouseJournal(engine)
        windows.append(flush(window(), end=10))
        disk.fill()
        frozen = Frozen(flush(window(), stored=10, end=20), try_at=NOW)
        assert attempt(windows, frozen, NOW) is Outcome.AGAIN
        assert "space" in frozen.problem.lower(), frozen.problem
        with pytest.raises(RetryLater, match=r"(?i)space"):
            journal.write([entry()])
        assert windows.position("log/0") == 10
        disk.free()
        assert attempt(windows, frozen, NOW) is Outcome.DONE
        journal.write([entry()])
        assert (windows.position("log/0"), len(journal.read("note"))) == (20, 1)


def test_dead_letters_wait_for_room(disk: SmallDisk) -> None:
    """Half a line is not left behind: what is written once there is room can be read."""
    sink = FileSink(disk.folder / "dead-letters.jsonl", SystemClock())
    letters = [DeadLetter(RawMessage(Partition("log", 0), n, b"x" * 100_000), Reason.NOT_JSON, "") for n in range(3)]
    disk.fill()
    with pytest.raises(RetryLater):
        sink.write("log/0", letters)
    disk.free()
    sink.write("log/0", letters)
    written = (disk.folder / "dead-letters.jsonl").read_text().splitlines()
    assert len(written) == 3
