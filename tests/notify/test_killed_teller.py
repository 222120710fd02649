"""kill -9 at random moments of delivery, to servers that fail half of the time."""

from pathlib import Path

import pytest

from tests.notify.mortal_teller import story


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.chaos)])
def test_every_message_arrives_and_none_twice_where_ids_are_known(seed: int, tmp_path: Path) -> None:
    """Four processes die; webhook ids and dedup keys make their repeats harmless, Slack hears at most one message twice for each."""
    told = story(tmp_path, seed, count=8, kills=4)
    assert told.wrong == []
    assert told.kills >= 3
    assert told.doubled <= told.kills
