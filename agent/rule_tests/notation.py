"""Values by the minute, written short: `20x1440 0x30 20x10h`, `.9x3d .9-.001x100`, `_x60` for none.

A piece is a value, what it changes by each minute where it does, and for how long: minutes, or a duration as in Prometheus.
Values are kept in millionths, so that what is counted is exact.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import repeat
from typing import Any, NamedTuple

from agent.aggregate.histogram import MICRO
from agent.alerting.readers import MINUTE
from agent.alerting.reading import Reader, unexpected
from agent.times import parse_duration

LONGEST = timedelta(days=400) // MINUTE
_NUMBER = r"[0-9]+(?:\.[0-9]{1,6})?|\.[0-9]{1,6}"
_PIECE = re.compile(rf"(?P<value>_|{_NUMBER})(?P<step>[+-](?:{_NUMBER}))?(?:x(?P<times>[0-9a-z]+))?")


class Piece(NamedTuple):
    """A value (None: none) in millionths, what is added to it each minute, and for how many minutes."""

    value: int | None
    step: int = 0
    times: int = 1

    def values(self) -> Iterator[int | None]:
        """One a minute."""
        if self.value is None or not self.step:
            return repeat(self.value, self.times)
        return iter(range(self.value, self.value + self.step * self.times, self.step))

    @property
    def last(self) -> int | None:
        """The value of its last minute."""
        return None if self.value is None else self.value + self.step * (self.times - 1)


Pieces = tuple[Piece, ...]


def minutes_of(pieces: Pieces) -> int:
    """How long they are together."""
    return sum(piece.times for piece in pieces)


def values(pieces: Pieces) -> Iterator[int | None]:
    """One value a minute, to the end of the last piece."""
    for piece in pieces:
        yield from piece.values()


def for_ever(pieces: Pieces) -> Iterator[int | None]:
    """The same, and the last value from then on."""
    yield from values(pieces)
    yield from repeat(pieces[-1].last)


def series(most: int, such_as: str, *, alone: bool = False, gaps: bool = True) -> Reader:
    """Pieces whose values lie from 0 to `most`; `alone` says that a single number will do, `gaps` that values may be missing."""
    expected = f"values from 0 to {most} by the minute, such as {such_as}"

    def read(value: Any) -> Pieces:
        number = alone and isinstance(value, int | float) and not isinstance(value, bool)
        pieces = [_piece(word) for word in str(value).split()] if number or isinstance(value, str) else []
        known = [piece for piece in pieces if piece is not None and (gaps if piece.value is None else _within(piece, most * MICRO))]
        if not pieces or len(known) < len(pieces) or minutes_of(tuple(known)) > LONGEST:
            raise unexpected(expected, value)
        return tuple(known)

    return read


def _within(piece: Piece, most: int) -> bool:
    return all(value is not None and 0 <= value <= most for value in (piece.value, piece.last))


def _piece(word: str) -> Piece | None:
    found = _PIECE.fullmatch(word)
    times = _times(found["times"] or "1") if found else 0
    if found is None or not times:
        return None
    if found["value"] == "_":
        return None if found["step"] else Piece(None, 0, times)
    return Piece(_micro(found["value"]), _micro(found["step"] or "0"), times)


def _times(text: str) -> int:
    """Minutes from a number or from a duration; 0 where it is neither, or no whole minutes."""
    try:
        length = int(text) * MINUTE if text.isdecimal() else parse_duration(text)
    except (ValueError, OverflowError):
        return 0
    return 0 if length % MINUTE else length // MINUTE


def _micro(text: str) -> int:
    return int(Decimal(text) * MICRO)
