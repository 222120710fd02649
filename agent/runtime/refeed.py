"""Feeding dead letters again: those that can be read now go back, and are marked once that is proved."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from agent.decode.dead_letter import Kept
from agent.decode.letterbox import LetterBox
from agent.source.feed import Feed

CHUNK = 100  # letters in memory at once, a megabyte each at most


@dataclass
class Refed:
    """What became of the letters: `left` counts by reason those that stay."""

    letters: int = 0
    fed: int = 0
    left: Counter[str] = field(default_factory=Counter)


def refeed(
    letters: Iterable[Kept], obstacle: Callable[[Kept], str | None], box: LetterBox, feed: Feed | None, chunk: int | None = CHUNK
) -> Refed:
    """Feed what has no obstacle, a chunk at a time (None: all at once); without a feed only count.

    A letter is fed before it is marked. Whoever dies in between feeds it a second time, and never not at all.
    """
    told, waiting = Refed(), iter(letters)
    while some := list(islice(waiting, chunk)):
        good = list(_without(obstacle, some, told))
        if good and feed:
            feed.feed(good)
            box.mark_fed(good)
        told.fed += len(good)
    return told


def _without(obstacle: Callable[[Kept], str | None], letters: list[Kept], told: Refed) -> Iterator[Kept]:
    """Those that can be fed; the others are counted."""
    for letter in letters:
        told.letters += 1
        if why := obstacle(letter):
            told.left[why] += 1
        else:
            yield letter
