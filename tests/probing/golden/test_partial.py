"""What a run was answered before it was cut off."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agent.errors import Locked, Misconfigured
from agent.probing.base import Hit
from agent.probing.golden.partial import Documents, Left, left, opened
from tests.probing.golden.builders import NOW

HITS = [Hit("d1", 0.5), Hit("d2", None)]
DOCUMENTS = ("d1", "d2")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with two answers, as a run that was cut off leaves it."""
    path = tmp_path / "golden" / "support.part.jsonl"
    with opened(path, "set-1", NOW) as partial:
        partial.add("q1", HITS)
        partial.add("q2", [])
    return path


def answers(path: Path, asked: str = "set-1", now: datetime = NOW, *, anew: bool = False) -> dict[str, Documents]:
    """What is known when a run begins."""
    with opened(path, asked, now, anew=anew) as partial:
        return partial.answers


def test_answers_are_there_again(file: Path) -> None:
    """With their order and scores; a query that found nothing is answered too. Only the owner may read them."""
    assert answers(file) == {"q1": DOCUMENTS, "q2": ()}
    assert file.stat().st_mode & 0o777 == 0o600
    with opened(file, "set-1", NOW) as partial:
        partial.add("q3", HITS)
    assert [*answers(file)] == ["q1", "q2", "q3"]


def test_a_line_that_was_cut_off_is_no_answer(file: Path) -> None:
    """Whatever part of it was written, the lines before it stay and the next one is whole."""
    whole = file.read_bytes()
    for end in range(1, len(whole)):
        file.write_bytes(whole[:end])
        found = answers(file)
        assert [*found] == ["q1", "q2"][: whole[:end].count(b"\n") - 1 if b"\n" in whole[:end] else 0]
        with opened(file, "set-1", NOW) as partial:
            partial.add("q9", HITS)
        assert answers(file) == {**found, "q9": DOCUMENTS}


@pytest.mark.parametrize(
    "other",
    [
        lambda file: answers(file, "set-2"),
        lambda file: answers(file, anew=True),
        lambda file: answers(file, now=NOW + timedelta(days=1, seconds=1)),
        lambda file: answers(file, now=NOW - timedelta(seconds=1)),
    ],
    ids=["another set or search", "anew", "a day later", "from the future"],
)
def test_answers_to_something_else_are_thrown_away(file: Path, other: Callable[[Path], dict[str, Documents]]) -> None:
    """They are not mixed with those of today's index, and do not come back."""
    assert other(file) == {}
    assert answers(file) == {}


def test_what_is_no_such_file_is_begun_anew(file: Path) -> None:
    """Somebody else's bytes are no answers."""
    for text in (b"\xff\xfe\n", b"[1]\n{}\n", b""):
        file.write_bytes(text)
        assert answers(file) == {}


def test_two_runs_of_one_name_are_refused(file: Path) -> None:
    """The second is told at once; when the first is over it may begin."""
    with opened(file, "set-1", NOW), pytest.raises(Locked, match="under way"), opened(file, "set-1", NOW):
        pytest.fail("both were let in")
    assert len(answers(file)) == 2


def test_a_run_that_is_kept_leaves_nothing(file: Path) -> None:
    """The file goes; that it is gone already is no mistake."""
    with opened(file, "set-1", NOW) as partial:
        partial.remove()
        partial.remove()
    assert not file.exists()


def test_runs_that_have_not_ended_are_named(file: Path) -> None:
    """With their answers, as long as they can go on; a file without an answer, or of anything else, is no such run."""
    with opened(file.with_name("begun.part.jsonl"), "set-1", NOW):
        file.with_name("other.part.jsonl").write_bytes(b"\xff\n")
        file.with_name("folder.part.jsonl").mkdir()
        assert left(file.parent, NOW) == [Left("support", NOW, 2)]
    assert left(file.parent, NOW + timedelta(days=1)) == [Left("support", NOW, 2)]
    assert left(file.parent, NOW + timedelta(days=1, seconds=1)) == []
    assert left(file.parent / "none", NOW) == []


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """It is told with its name."""
    tmp_path.joinpath("golden").write_text("", encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"golden/x\.part\.jsonl: cannot be written: "):
        answers(tmp_path / "golden" / "x.part.jsonl")
