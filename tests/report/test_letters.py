"""Dead letters as rows and as a table: what is asked for, newest first, and never what a message says."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console

from agent.decode.dead_letter import Kept
from agent.errors import Misconfigured
from agent.records import Partition
from agent.report.letters import Wanted, listing, row, table, wanted

NOW = datetime(2026, 11, 16, 8, 30, tzinfo=UTC)
HOSTILE = "a\x1b[2J\x9b\u202e\nb"


def letter(n: int, reason: str = "not_json", **changes: object) -> Kept:
    """The `n`th letter, one a minute."""
    made = Kept("id/0", n, NOW + timedelta(minutes=n), Partition("logs", 0), reason, "timestamp", b"secret", None, 6)
    return made._replace(**changes)  # type: ignore[arg-type]  # a test's own words


LETTERS = [letter(0), letter(3, "empty"), letter(1), letter(2)]


def test_the_newest_come_first_and_all_are_counted() -> None:
    """Also when fewer are shown than there are."""
    listed = listing(LETTERS, 2)
    assert [each["offset"] for each in listed["letters"]] == [3, 2]
    assert (listed["total"], listed["reasons"]) == (4, {"not_json": 3, "empty": 1})
    assert [each["offset"] for each in listing(LETTERS, 20)["letters"]] == [3, 2, 1, 0]
    assert listing([], 20) == {"letters": [], "total": 0, "reasons": {}}


def test_letters_of_one_moment_are_no_mistake() -> None:
    """They were written in one flush; the later one comes first."""
    same = [letter(n, at=NOW) for n in range(5)]
    assert [each["offset"] for each in listing(same, 5)["letters"]] == [4, 3, 2, 1, 0]


def test_a_row_is_what_scripts_read() -> None:
    """Where, when, why and how large."""
    assert row(letter(1, size=7)) == {
        "id": "id/0:1",
        "name": "logs/0:1",
        "at": "2026-11-16T08:31:00.000+00:00",
        "topic": "logs",
        "partition": 0,
        "offset": 1,
        "reason": "not_json",
        "field": "timestamp",
        "size": 7,
        "cut": True,
    }


@pytest.mark.parametrize(
    ("asked", "offsets"),
    [
        (Wanted(), [0, 3, 1, 2]),
        (Wanted(start=NOW + timedelta(minutes=2)), [3, 2]),
        (Wanted(end=NOW + timedelta(minutes=2)), [0, 1]),
        (Wanted(reason="empty"), [3]),
        (Wanted(start=NOW, end=NOW), []),
    ],
)
def test_letters_are_asked_for_by_time_and_reason(asked: Wanted, offsets: list[int]) -> None:
    """From a time on, and before another."""
    assert [each.offset for each in filter(asked.has, LETTERS)] == offsets


def test_words_are_read_and_all_mistakes_are_told() -> None:
    """By their option."""
    assert wanted({"from": "-1h", "to": "2026-11-16", "reason": "empty"}, NOW) == Wanted(
        NOW - timedelta(hours=1), datetime(2026, 11, 16, tzinfo=UTC), "empty"
    )
    with pytest.raises(Misconfigured) as error:
        wanted({"from": "soon", "to": "", "reason": "ugly"}, NOW)
    assert [mistake.file for mistake in error.value.mistakes] == ["--from", "--to", "--reason"]


def test_whatever_stands_beside_a_letter_is_fit_for_a_terminal() -> None:
    """Whoever can write into the dead-letter topic cannot write on the operator's screen."""
    strange = letter(1, reason=HOSTILE, detail=HOSTILE, source=HOSTILE, partition=Partition(HOSTILE, 0))
    listed = listing([strange], 1)
    screen = Console(file=StringIO(), width=200)
    screen.print(table(listed))
    for printed in (screen.file.getvalue(), json.dumps(listed, ensure_ascii=False)):  # type: ignore[attr-defined]  # a StringIO
        assert "a[2J b" in printed
        assert not set("\x1b\x9b\u202e") & set(printed)
        assert "secret" not in printed


def test_whatever_stands_beside_a_letter_is_short() -> None:
    """Anybody may write headers of a megabyte; the longest path stays whole, so that two letters of a file stay two."""
    long, path = "x" * 900_000, "file:/" + "x" * 4_000
    listed = listing([letter(1, reason=long, detail=long, source=long, partition=Partition(long, 0)), letter(2, source=path)], 2)
    assert len(json.dumps(listed)) < 50_000
    assert listed["letters"][0]["id"] == f"{path}:2"


def test_a_letter_without_a_topic_is_called_by_its_id() -> None:
    """An older agent wrote none."""
    screen = Console(file=StringIO(), width=200)
    screen.print(table(listing([letter(1, partition=None)], 1)))
    assert "id/0:1" in screen.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
