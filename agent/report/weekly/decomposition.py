"""The change of an average split exactly into "languages changed" and "the mix of traffic changed". Pure.

With shares w of the queries and rates r of each language, before (0) and after (1), and means of both times barred:

    M1 - M0 = sum over languages of  wbar (r1 - r0)  +  (rbar - Mbar) (w1 - w0)

The first part is what the language itself did, the second what its growing or shrinking did: a language below the average that
grows pulls it down. The shares sum to one at both times, so that Mbar adds nothing and the sum is exact (Marshall and Edgeworth's
symmetric weights; Kitagawa 1955).
"""

from collections.abc import Mapping, Sequence
from math import fsum
from typing import NamedTuple


class Side(NamedTuple):
    """A language in one week: how many queries its rate rests on, and the rate in 0..1."""

    queries: float
    rate: float


class Part(NamedTuple):
    """What a language adds to the change of the average, in 0..1: by its own rate, and by its share of the queries."""

    language: str
    rate: float
    mix: float


class Decomposition(NamedTuple):
    """The averages of both weeks in 0..1, and the parts of their difference, which they sum to; the largest first."""

    before: float
    after: float
    parts: Sequence[Part]

    @property
    def rates(self) -> float:
        """How much the average would have moved with the mix as it was on average."""
        return fsum(part.rate for part in self.parts)

    @property
    def mix(self) -> float:
        """How much the mix alone moves it."""
        return fsum(part.mix for part in self.parts)


def decompose(before: Mapping[str, Side], after: Mapping[str, Side]) -> Decomposition | None:
    """Split it; a language that one week lacks changes the mix alone. None where a week has no queries."""
    totals = [fsum(side.queries for side in week.values()) for week in (before, after)]
    if not all(totals):
        return None
    means = [
        fsum(side.queries * side.rate for side in week.values()) / total
        for week, total in zip((before, after), totals, strict=True)
    ]
    middle = fsum(means) / 2
    parts = [_part(tag, before.get(tag), after.get(tag), totals, middle) for tag in sorted({*before, *after})]
    return Decomposition(means[0], means[1], sorted(parts, key=lambda part: (-abs(part.rate + part.mix), part.language)))


def _part(language: str, before: Side | None, after: Side | None, totals: Sequence[float], middle: float) -> Part:
    known = before or after
    assert known is not None, "a language of either week"
    first, second = before or Side(0, known.rate), after or Side(0, known.rate)
    shares = first.queries / totals[0], second.queries / totals[1]
    own = (shares[0] + shares[1]) / 2 * (second.rate - first.rate)
    return Part(language, own, ((first.rate + second.rate) / 2 - middle) * (shares[1] - shares[0]))
