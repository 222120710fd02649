"""Feeding again: fed before it is marked, each letter once, and what cannot be read stays."""

from collections.abc import Sequence

import pytest

from agent.decode.dead_letter import DeadLetter, Kept, Reason
from agent.decode.letterbox import MemoryBox
from agent.decode.sink import MemorySink
from agent.errors import Unreachable
from agent.records import RawMessage
from agent.runtime.refeed import refeed
from agent.source.feed import MemoryFeed
from tests.decode.builders import CLOCK
from tests.runtime.rig import P0


class Post:
    """Ten letters, of which those with an even offset can be read now."""

    def __init__(self) -> None:
        self.sink = MemorySink()
        self.sink.write("log/0", [DeadLetter(RawMessage(P0, n, b"%d" % n), Reason.NOT_JSON, "") for n in range(10)])
        self.box = MemoryBox(self.sink, CLOCK)
        self.feed = MemoryFeed()

    @property
    def fed(self) -> list[int]:
        """What was fed, in order."""
        return [letter.offset for letter in self.feed.fed]

    @property
    def left(self) -> list[int]:
        """What is still in the box."""
        return [letter.offset for letter in self.box.letters()]


def odd(letter: Kept) -> str | None:
    """The odd ones have two reasons."""
    return None if letter.offset % 2 == 0 else "cut" if letter.offset < 5 else "not_json"


@pytest.fixture
def post() -> Post:
    """A box to feed from."""
    return Post()


@pytest.mark.parametrize("chunk", [1, 3, 10, None])
def test_what_can_be_read_is_fed_and_the_rest_stays(post: Post, chunk: int | None) -> None:
    """Counted by what is in the way now, whatever the size of a chunk; a second time there is nothing to feed."""
    told = refeed(post.box.letters(), odd, post.box, post.feed, chunk)
    assert (told.letters, told.fed, told.left) == (10, 5, {"cut": 2, "not_json": 3})
    again = refeed(post.box.letters(), odd, post.box, post.feed, chunk)
    assert (again.letters, again.fed, again.left) == (5, 0, {"cut": 2, "not_json": 3})
    assert (post.fed, post.left) == ([0, 2, 4, 6, 8], [1, 3, 5, 7, 9])


def test_a_mapping_that_is_better_later_feeds_only_what_is_new(post: Post) -> None:
    """Nothing that was fed is fed again, though it lies among what was not."""
    refeed(post.box.letters(), odd, post.box, post.feed)
    told = refeed(post.box.letters(), lambda _: None, post.box, post.feed)
    assert (told.letters, told.fed) == (5, 5)
    assert (post.fed, post.left) == ([0, 2, 4, 6, 8, 1, 3, 5, 7, 9], [])


def test_without_a_feed_it_is_only_counted(post: Post) -> None:
    """A dry run changes nothing."""
    told = refeed(post.box.letters(), odd, post.box, None)
    assert (told.letters, told.fed, told.left.total()) == (10, 5, 5)
    assert (post.fed, post.left) == ([], list(range(10)))


class Failing(MemoryFeed):
    """Takes two chunks."""

    def feed(self, letters: Sequence[Kept]) -> None:
        """Fail from the third on."""
        if len(self.fed) >= 4:
            raise Unreachable("the log's topic cannot be written")
        super().feed(letters)


def test_what_could_not_be_fed_is_not_marked(post: Post) -> None:
    """A broker that goes away in the middle: what was proved is marked, the rest comes with the next replay."""
    post.feed = Failing()
    with pytest.raises(Unreachable):
        refeed(post.box.letters(), odd, post.box, post.feed, 4)
    assert post.left == [1, 3, 5, 7, 8, 9]
    post.feed = MemoryFeed()
    refeed(post.box.letters(), odd, post.box, post.feed)
    assert post.fed == [8]


class Dying(MemoryBox):
    """Is killed before it has marked anything."""

    def mark_fed(self, letters: Sequence[Kept]) -> None:  # noqa: ARG002  nothing becomes of them
        """End here."""
        raise KeyboardInterrupt


def test_who_dies_before_the_mark_feeds_twice_and_never_not_at_all(post: Post) -> None:
    """The event id makes the second one a duplicate."""
    with pytest.raises(KeyboardInterrupt):
        refeed(post.box.letters(), odd, Dying(post.sink, CLOCK), post.feed)
    refeed(post.box.letters(), odd, post.box, post.feed)
    assert post.fed == [0, 2, 4, 6, 8] * 2
