"""Whether a letter can be fed again is decided by the settings of today, with a named reason where it cannot."""

from datetime import UTC, datetime

import pytest

from agent.decode.again import ANOTHER_LOG, CUT, Judge
from agent.decode.dead_letter import Kept
from agent.decode.native import NativeDecoder
from agent.records import Partition
from tests.decode.builders import NOW, PARTITION, written

GOOD = written()
THEIRS = b'{"trace": "e1", "timestamp": 1794817800000}'


def letter(value: bytes, partition: Partition | None = PARTITION, size: int | None = None) -> Kept:
    """A letter that was kept for any reason."""
    return Kept("id/0", 7, datetime(2026, 11, 16, tzinfo=UTC), partition, "not_json", "", value, None, size or len(value))


@pytest.mark.parametrize(
    ("kept", "mapping", "obstacle"),
    [
        pytest.param(letter(GOOD), {}, None, id="it can be read"),
        pytest.param(letter(THEIRS), {}, "missing_field", id="still not"),
        pytest.param(letter(THEIRS), {"event_id": "trace"}, None, id="with a mapping"),
        pytest.param(letter(written(timestamp=NOW + 300_000)), {}, None, id="no longer in the future"),
        pytest.param(letter(written(timestamp=NOW + 300_001)), {}, "timestamp_in_future", id="still in the future"),
        pytest.param(letter(GOOD, size=len(GOOD) + 1), {}, CUT, id="a part is missing"),
        pytest.param(letter(GOOD, Partition("payments", 0)), {}, ANOTHER_LOG, id="a topic that is not read"),
        pytest.param(letter(GOOD, None), {}, ANOTHER_LOG, id="nobody knows whence"),
        pytest.param(letter(b""), {}, "empty", id="a tombstone"),
    ],
)
def test_a_letter_is_judged_anew(kept: Kept, mapping: dict[str, str], obstacle: str | None) -> None:
    """By what it says now, not by the reason it was kept for."""
    assert Judge(NativeDecoder(mapping), ("log",)).obstacle(kept, NOW) == obstacle


@pytest.mark.parametrize("partition", [None, Partition("/old.jsonl", 0)])
def test_letters_of_a_file_may_come_from_anywhere(partition: Partition | None) -> None:
    """They go into a store, not into somebody's topic."""
    assert Judge(NativeDecoder(), None).obstacle(letter(GOOD, partition), NOW) is None
