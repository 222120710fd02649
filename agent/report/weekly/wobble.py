"""How much each language's measure wobbles from one time to the next without anything being wrong.

As the evaluator measures it (reference/detection.md, 2): phi from quarters of an hour around their hour, tau from days around
each other, over the fourteen days before, without what incidents cover. Quarters of the newest day only: a report is read
while somebody waits, and the estimate leans on 100 quarters of what sessions alone would give.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from math import hypot
from typing import Final, NamedTuple

import numpy as np

from agent.alerting import noise
from agent.alerting.changes import Collection
from agent.alerting.daily import early
from agent.alerting.grid import Floats, Grid, Series, Stream
from agent.alerting.incident import ALL
from agent.alerting.measures import Quality, Reading, first_hit_bin, readings
from agent.alerting.minutes import DAY
from agent.alerting.statistics import Noise
from agent.alerting.sums import Minute
from agent.alerting.usual import BASELINE_DAYS, Past, past, usual
from agent.report.weekly.readings import Key

HISTORY: Final = timedelta(days=BASELINE_DAYS)
QUARTERS: Final = timedelta(days=1)
ANYWHERE: Final = Collection("", "", "")


class LeftOut(NamedTuple):
    """Minutes [first, end) of a language (or of all, `*`) that say nothing of what is usual."""

    language: str
    first: int
    end: int


class Past14(NamedTuple):
    """What was read of the time before: sums by day, by quarter of an hour, and what is left out; `until` is the first minute after."""

    days: Iterable[Minute]
    quarters: Iterable[Minute]
    left_out: Sequence[LeftOut]
    until: int


def wobbles(before: Past14, keys: Mapping[str, Key], lengths: tuple[int, int], quality: Quality) -> dict[str, Noise]:
    """The noise of the difference of two times of these lengths (minutes), for each language by what it is read."""
    tags = sorted(keys)
    if not tags:
        return {}
    whole = [LeftOut(one.language, one.first - one.first % DAY, -(-one.end // DAY) * DAY) for one in before.left_out]
    days = _past(before.days, keys, tags, whole, before.until, quality)
    phis = noise.phi(_past(before.quarters, keys, tags, before.left_out, before.until, quality))
    groups = np.array([sorted({*keys.values()}).index(keys[tag]) for tag in tags])
    taus = [_tau(days, phis, groups, length) for length in lengths]
    return {tag: Noise(float(phis[at]), hypot(*(float(tau[at]) for tau in taus))) for at, tag in enumerate(tags)}


def _tau(seen: Past, phis: Floats, groups: Floats, minutes: int) -> Floats:
    """The standard deviation of the mean of so many minutes, a day at least."""
    square = noise.pooled(noise.wobble(seen, phis, max(minutes, DAY)), groups)
    found: Floats = np.sqrt(early(square[:, None], usual(seen).days)[:, 0])
    return found


def _past(  # noqa: PLR0913, PLR0917 - what is read, whose, by what, and without what
    rows: Iterable[Minute], keys: Mapping[str, Key], tags: Sequence[str], left_out: Sequence[LeftOut], until: int, quality: Quality
) -> Past:
    grid = Grid(ring_days=1)
    at = {tag: grid.row(Series(Stream(ANYWHERE, tag), *keys[tag])) for tag in tags}
    read = [
        (at[row.key.language], row.minute, one) for row in rows if row.key.language in at for one in _wanted(row, keys, quality)
    ]
    if read:
        grid.add(*zip(*read, strict=True))
    grid.turn(until // DAY)
    for one in left_out:
        named = [place for tag, place in at.items() if one.language in {tag, ALL}]
        if named:
            grid.leave_out(named, one.first, one.end)
    return past(grid, [at[tag] for tag in tags], until // DAY - 1)


def _wanted(row: Minute, keys: Mapping[str, Key], quality: Quality) -> Iterable[Reading]:
    key = keys[row.key.language]
    bin_ = first_hit_bin(row.key, quality) if key.measure == "hit_rate" else None
    return (one for one in readings(row, bin_) if (one.measure, one.scale) == key)
