"""Files of labels: read strictly."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.backtest import labels
from agent.backtest.labels import Label
from agent.backtest.score import answers
from agent.errors import Misconfigured
from tests.backtest.builders import incident

GOOD = {"language": "ko", "start": "2026-01-05T08:00:00Z", "end": "2026-01-06", "kind": "drop"}


def read(folder: Path, content: Any) -> list[Label]:
    """The labels of a file with this content."""
    file = folder / "labels.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return labels.read(file)


def test_labels_are_read(tmp_path: Path) -> None:
    """Times are RFC 3339 or dates, in UTC."""
    assert read(tmp_path, [GOOD]) == [Label("ko", datetime(2026, 1, 5, 8, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC), "drop")]


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ({**GOOD, "language": ""}, "1.language"),
        ({**GOOD, "language": 7}, "1.language"),
        ({**GOOD, "kind": "fall"}, "1.kind"),
        ({**GOOD, "kind": ["drop"]}, "1.kind"),
        ({**GOOD, "start": "-7d"}, "1.start"),
        ({**GOOD, "start": None}, "1.start"),
        ({**GOOD, "end": "2026-01-05T08:00:00Z"}, "1.end"),
        ({**GOOD, "lang": "ko"}, "1.lang"),
        ("ko", "1"),
    ],
)
def test_a_wrong_label_is_told(tmp_path: Path, entry: Any, key: str) -> None:
    """With its number and its key."""
    with pytest.raises(Misconfigured) as wrong:
        read(tmp_path, [GOOD, entry])
    assert [mistake.key for mistake in wrong.value.mistakes] == [key]


def test_all_mistakes_come_together(tmp_path: Path) -> None:
    """An empty label has four."""
    with pytest.raises(Misconfigured) as wrong:
        read(tmp_path, [{}])
    assert {mistake.key for mistake in wrong.value.mistakes} == {"0.language", "0.kind", "0.start", "0.end"}


def test_a_label_without_an_end_has_the_last_one_there_is(tmp_path: Path) -> None:
    """What goes on may end with the calendar: an hour after that is no time."""
    [label] = read(tmp_path, [{**GOOD, "end": "9999-12-31T23:59:59Z"}])
    assert answers(incident("ko", 5, 9), label)


@pytest.mark.parametrize("content", ["", "{}", "[", "[" * 100_000], ids=["empty", "no list", "broken", "deep"])
def test_a_file_that_is_no_list_is_told(tmp_path: Path, content: str) -> None:
    """A mistake with the file's name, never a stack trace."""
    with pytest.raises(Misconfigured, match=r"labels\.json"):
        read(tmp_path, content)
