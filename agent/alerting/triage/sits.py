"""Where a fall sits: how much of it each part of the traffic bears.

Directly standardised: each part is compared with itself before, weighted by the queries it has now, so that traffic that moves
from an easy part to a hard one is no fall. A part that was not there before, a new version, is compared with all of before.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from agent.alerting.incident import Part
from agent.alerting.statistics import MICRO, Sums, plus
from agent.alerting.summary import one_line
from agent.language.codes import display_name

Dimension = Literal["collection", "document_language", "version"]
Parts = Mapping[str, Sums]

MOST: Final = 0.5  # of the fall on one part, and it is named
MORE_THAN_ITS_QUERIES: Final = 1.25  # times as much of the fall as of the queries, else it says nothing
WORTH_A_ROW: Final = 0.1
MOST_ROWS: Final = 3


class Compared(NamedTuple):
    """A part now and before; what it fell, in 0..1 and times its share of the queries."""

    value: str
    of_queries: float
    fell: float


def compared(now: Parts, before: Parts) -> list[Compared]:
    """Each part's fall; their sum is the fall as a whole. Empty where nothing is known of now or of before."""
    n, known = sum(sums.n for sums in now.values()), total(before.values())
    if not n or not known.n:
        return []
    return [
        Compared(value, sums.n / n, sums.n / n * (mean(_usual(before, value, known)) - mean(sums)))
        for value, sums in now.items()
        if sums.n
    ]


def shares(dimension: Dimension, now: Parts, before: Parts) -> tuple[Part, ...]:
    """How much of the fall each part bears, the most first; they sum to 1, and are empty where there is no fall or one part."""
    parts = compared(now, before)
    fall = sum(part.fell for part in parts)
    if fall <= 0 or len(parts) < 2:  # noqa: PLR2004 - one part bears all of it
        return ()
    found = [Part(dimension, part.value, part.fell / fall, part.of_queries) for part in parts]
    return tuple(sorted(found, key=lambda part: (-part.share, part.value)))


def bearer(now: Parts, before: Parts) -> tuple[str, float]:
    """The part that stands out, or the only one, and its share of the fall of the mean; empty where there is no fall or no such part.

    Here traffic that moves to a worse part is a fall, and one that no part bears.
    """
    parts = compared(now, before)
    fall = mean(total(before.values())) - mean(total(now.values())) if parts else 0.0
    if fall <= 0:
        return "", 0.0
    first = max(parts, key=lambda part: (part.fell, part.value))
    share = first.fell / fall
    return (first.value, share) if len(parts) == 1 or share >= _striking(first.of_queries) else ("", 0.0)


def worth_telling(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The few parts that bear something, or that improved."""
    return tuple(part for part in parts if abs(part.share) >= WORTH_A_ROW)[:MOST_ROWS]


def sentence(parts: Sequence[Part]) -> str:
    """`Collection kb-ko bears 83 % of the fall with 20 % of the queries.`; empty where no part stands out."""
    if not parts or parts[0].share < _striking(parts[0].of_queries):
        return ""
    first = parts[0]
    if first.share > 1:
        return f"{_name(first)} bears all of the fall with {first.of_queries:.0%} of the queries; the rest improved.".replace(
            "%", " %"
        )
    return f"{_name(first)} bears {first.share:.0%} of the fall with {first.of_queries:.0%} of the queries.".replace("%", " %")


def total(parts: Iterable[Sums]) -> Sums:
    """All parts as one."""
    found = Sums()
    for sums in parts:
        found = plus(found, sums)
    return found


def mean(sums: Sums) -> float:
    """The mean value, in 0..1."""
    return sums.total / MICRO / sums.n


def _striking(of_queries: float) -> float:
    """From which share of the fall a part stands out."""
    return max(MOST, MORE_THAN_ITS_QUERIES * of_queries)


def _usual(before: Parts, value: str, known: Sums) -> Sums:
    own = before.get(value, Sums())
    return own if own.n else known


def _name(part: Part) -> str:
    if part.dimension == "document_language":
        return f"Documents in {display_name(part.value)}"
    return f"{part.dimension.capitalize()} {one_line(part.value) or 'without a name'}"
