"""The measure that a row is judged by, what it rests on, and how far it moved: pure."""

from collections.abc import Mapping
from math import hypot
from typing import Final, Literal, NamedTuple

from agent.report.tables import Row

Name = Literal["recall_at_k", "hit_rate", "similarity_mean"]
Interval = tuple[float, float]

SCORES: Final[Name] = "similarity_mean"
NAMES: Final[tuple[Name, ...]] = ("recall_at_k", "hit_rate", SCORES)
"""The best one first: labels, then scores against a threshold, then bare scores."""
POINT: Final = (
    "events",
    "errors",
    "untold",
    "zero_results",
    "scored",
    "score_sum",
    "score_sq",
    "labelled",
    "recall_sum",
    "recall_sq",
    "score_hist",
)
"""The sums that a point of a chart is made of: each one that is read takes its time."""
JUDGED: Final = (*POINT, "queries", "label_hist", "label_hit_hist")
"""... and a row of a table."""
LABELS: Final = 30
"""With fewer labelled queries scores say more."""
WORDS: Final[Mapping[Name, str]] = {"recall_at_k": "recall", "hit_rate": "hit rate", SCORES: "mean best score"}
PROXIES: Final[Mapping[str, str]] = {
    "calibrated": "scores that tell hits from misses",
    "weak": "scores that hardly tell hits from misses",
    "unknown": "scores, never compared with labels",
}


class Figure(NamedTuple):
    """A measure of a row: 0..1 (a mean score: in units of the score), its 95 % interval, over `n` queries."""

    name: Name
    value: float
    ci95: Interval | None
    n: int
    rests_on: str


class Move(NamedTuple):
    """A difference of two figures in 0..1, now minus before, with its 95 % interval."""

    by: float
    ci95: Interval | None

    @property
    def word(self) -> Literal["worse", "better", "no clear change"]:
        """What the interval allows to say of this one comparison; alerts ask for more."""
        low, high = self.ci95 or (-1.0, 1.0)
        return "worse" if high < 0 else "better" if low > 0 else "no clear change"


def chosen(row: Row) -> Name | None:
    """The best measure that a row of the table has; None where it has none."""
    if row["labelled"] >= LABELS:
        return "recall_at_k"
    return next((name for name in NAMES[1:] if row[name] is not None), "recall_at_k" if row["labelled"] else None)


def figure(row: Row, name: Name | None) -> Figure | None:
    """This measure of a row of the table; None where it is not known."""
    if name is None or row[name] is None:
        return None
    interval = row["ci95"].get(name)
    n = row["labelled"] if name == "recall_at_k" else row["events"]
    return Figure(name, row[name], interval and (interval[0], interval[1]), n, _rests_on(row, name))


def move(now: Figure | None, before: Figure | None) -> Move | None:
    """How far it moved; None where either is not known.

    The interval has the distances of each side's limits, squared and added (Newcombe 1998, method 10).
    """
    if now is None or before is None or now.name != before.name:
        return None
    by = now.value - before.value
    if now.ci95 is None or before.ci95 is None:
        return Move(by, None)
    low = by - hypot(now.value - now.ci95[0], before.ci95[1] - before.value)
    high = by + hypot(now.ci95[1] - now.value, before.value - before.ci95[0])
    return Move(by, (low, high))


def _rests_on(row: Row, name: Name) -> str:
    if name == "recall_at_k":
        return f"{row['labelled']:,} labelled queries"
    return PROXIES.get(row["hit_source"] or "unknown", PROXIES["unknown"])
