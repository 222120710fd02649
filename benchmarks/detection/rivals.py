"""What people use otherwise, on the same minutes: a change of 3 points between the last hour and the 24 hours before."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from agent.alerting.minutes import DAY, HOUR
from benchmarks.detection.traffic import Traffic

POINTS = 0.03
Z_BONFERRONI = 2.94  # one-sided 5 % over 30 languages
LEAST = 50  # queries in the hour and in the day before


class Hour(NamedTuple):
    """The last hour beside the day before it, at the end of each minute: languages x minutes, zero while there is no day."""

    n: Any
    hits: Any
    n_before: Any
    hits_before: Any

    @property
    def drop(self) -> Any:
        """How far the rate fell."""
        return self.hits_before / np.maximum(self.n_before, 1) - self.hits / np.maximum(self.n, 1)


class Rival(NamedTuple):
    """A rule that fires after `for_minutes` in breach."""

    name: str
    breach: Callable[[Hour], Any]
    for_minutes: int = 1


def _points(least: int) -> Callable[[Hour], Any]:
    return lambda hour: (hour.n >= least) & (hour.n_before >= LEAST) & (hour.drop >= POINTS)


def _two_proportions(hour: Hour) -> Any:
    n, before = np.maximum(hour.n, 1), np.maximum(hour.n_before, 1)
    pooled = (hour.hits + hour.hits_before) / (n + before)
    se = np.sqrt(np.maximum(pooled * (1 - pooled), 1e-9) * (1 / n + 1 / before))
    return _points(LEAST)(hour) & (hour.drop >= Z_BONFERRONI * se)


RIVALS = (
    Rival("3 points, n >= 500", _points(500)),
    Rival("3 points for 30 min, n >= 50", _points(LEAST), 30),
    Rival("two proportions, z 2.94, 3 points", _two_proportions),
)


def fired(rival: Rival, traffic: Traffic) -> list[tuple[int, str]]:
    """Each time that the rule begins to fire: minute and language."""
    breach = rival.breach(_hours(traffic))
    lasting = _lasting(breach, rival.for_minutes)
    begins = lasting[:, 1:] & ~lasting[:, :-1]
    return sorted((int(at) + 1, traffic.languages[one]) for one, at in zip(*np.nonzero(begins), strict=True))


def _lasting(breach: Any, minutes: int) -> Any:
    """Whether it has been in breach for so many minutes in a row."""
    total = np.pad(breach.cumsum(1), ((0, 0), (minutes, 0)))
    return total[:, minutes:] - total[:, :-minutes] == minutes


def _hours(traffic: Traffic) -> Hour:
    n, hits = (np.pad(cells.cumsum(1), ((0, 0), (1, 0))) for cells in (traffic.n, traffic.hits))
    ends = np.arange(1, traffic.minutes + 1)
    day, hour = np.maximum(ends - HOUR - DAY, 0), np.maximum(ends - HOUR, 0)
    counted = (ends >= HOUR + DAY).astype(int)
    now = ((cells[:, ends] - cells[:, hour]) * counted for cells in (n, hits))
    before = ((cells[:, hour] - cells[:, day]) * counted for cells in (n, hits))
    return Hour(*now, *before)
