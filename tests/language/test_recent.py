"""The memory of recent answers: bounded, and never a different answer."""

from collections.abc import Sequence

import pytest

from agent.language.recent import Recent


class Finder:
    """Answers each word with its length, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, words: Sequence[str]) -> list[int]:
        """Counted as asked, each of them."""
        self.asked += words
        return [len(word) for word in words]


@pytest.mark.parametrize(
    ("size", "asked"),
    [(0, ["a", "bb", "a", "bb", "ccc", "a"]), (2, ["a", "bb", "ccc"]), (9, ["a", "bb", "ccc"])],
)
def test_what_is_remembered_is_not_asked_again(size: int, asked: list[str]) -> None:
    """Of a call each key once; across calls as long as it is among the last ones."""
    recent, find = Recent[str, int](size), Finder()
    assert recent.answers(["a", "bb", "a"], find) == [1, 2, 1]
    assert recent.answers(["a", "bb"], find) == [1, 2]
    assert recent.answers(["ccc", "a"], find) == [3, 1]
    assert find.asked == asked


@pytest.mark.parametrize("size", [0, 1, 3])
def test_no_more_than_its_size_is_kept(size: int) -> None:
    """However many are asked at once."""
    recent = Recent[str, int](size)
    recent.answers(["a", "b", "c", "d", "e"], Finder())
    assert len(recent) == size


def test_what_is_asked_again_stays() -> None:
    """The one that was not asked for the longest time goes first."""
    recent, find = Recent[str, int](2), Finder()
    for word in ("a", "b", "a", "c", "a"):
        recent.answers([word], find)
    assert find.asked == ["a", "b", "c"]
