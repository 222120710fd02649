"""What the samples of a soak say: rows of a table, trends with their intervals, and yes or no to what was promised. Pure."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import mean
from typing import Final, NamedTuple

import numpy as np
from scipy import stats

from benchmarks.soak.agent import Ended
from benchmarks.soak.samples import Sample

BLOCKS: Final = 10
FEWEST: Final = 3  # of samples, for a line and its interval
HOUR_S: Final = 3600.0
GROWTH: Final = 0.05  # of the level, in an hour
OF_TRAFFIC: Final = 0.01
SETTLED_S: Final = 600.0  # caches are full, and the first evaluation is behind
A_LITTLE_S: Final = 1.0  # samples come that much too late


class Row(NamedTuple):
    """A stretch of time: memory at its mean and its most in MiB, lag in records, CPU in cores, store in MiB, age in seconds."""

    until_s: float
    resident: float
    most: float
    own: float
    lag: float
    most_lag: int
    agent: float
    machine: float
    store: float
    age_s: float | None


class Trend(NamedTuple):
    """What a figure gains in an hour, with its 95 % interval."""

    an_hour: float
    low: float
    high: float


class Verdict(NamedTuple):
    """One promise: whether it was kept (None: it cannot be told, run longer), and the figures that say so."""

    kept: bool | None
    said: str


def rows(samples: Sequence[Sample], every_s: float) -> list[Row]:
    """A row for each stretch that has two samples; the last sample of one is the first of the next, for what is a difference."""
    stretches: list[list[Sample]] = []
    for before, after in pairwise(samples):
        number = int((after.at_s - A_LITTLE_S) // every_s)
        while len(stretches) <= number:
            stretches.append([before])
        stretches[number].append(after)
    return [_row(each) for each in stretches if len(each) > 1]


def _row(some: Sequence[Sample]) -> Row:
    first, last, seen = some[0], some[-1], some[1:]
    took = last.at_s - first.at_s
    return Row(
        until_s=last.at_s,
        resident=mean(one.resident for one in seen),
        most=max(one.resident for one in seen),
        own=mean(one.own for one in seen),
        lag=mean(one.lag for one in seen),
        most_lag=max(one.lag for one in seen),
        agent=(last.agent_s - first.agent_s) / took,
        machine=(last.machine_s - first.machine_s) / took,
        store=last.store,
        age_s=max((one.age_s for one in seen if one.age_s is not None), default=None),
    )


def second_half(samples: Sequence[Sample]) -> Sequence[Sample]:
    """What is judged: caches are full and the engine has merged for a while."""
    return [one for one in samples if one.at_s > samples[-1].at_s / 2]


def trend(samples: Sequence[Sample], figure: Callable[[Sample], float]) -> Trend:
    """Least squares through the means of ten blocks of time, with Student's interval.

    Of blocks, since neighbouring samples are not independent: memory and lag go up and down with each flush and merge.
    """
    blocks = np.array_split(np.array([(one.at_s / HOUR_S, figure(one)) for one in samples]), min(BLOCKS, len(samples)))
    times, values = np.array([block.mean(axis=0) for block in blocks]).T
    line = stats.linregress(times, values)
    off = float(stats.t.ppf(0.975, len(blocks) - 2) * line.stderr)
    return Trend(float(line.slope), float(line.slope) - off, float(line.slope) + off)


def within(found: Trend, limit: float) -> bool | None:
    """Whether what is gained in an hour is at most `limit`: shown with the whole interval, or not at all (None).

    An interval that merely reaches 0 shows nothing: in enough noise every leak's does.
    """
    if found.high <= limit:
        return True
    return False if found.low > limit else None


def memory(samples: Sequence[Sample]) -> Verdict:
    """Flat: over the second half the growth is shown to be at most 5 % an hour.

    Of a run of less than ten minutes nothing is said.
    """
    half = second_half(samples)
    found, level = trend(half, lambda one: one.resident), mean(one.resident for one in half)
    limit = GROWTH * level
    return Verdict(
        within(found, limit) if samples[-1].at_s > SETTLED_S else None,
        f"memory: {found.an_hour:+.1f} MiB an hour ({found.low:+.1f} to {found.high:+.1f}; limit {limit:.1f}) at {level:.0f} MiB",
    )


def lag(samples: Sequence[Sample], rate: int) -> Verdict:
    """Does not grow: over the second half the growth is shown to be at most 1 % of what comes in."""
    found, limit = trend(second_half(samples), lambda one: one.lag), OF_TRAFFIC * rate * HOUR_S
    worst = max(one.lag for one in samples)
    figures = f"{found.an_hour:+,.0f} records an hour ({found.low:+,.0f} to {found.high:+,.0f}; limit {limit:,.0f})"
    return Verdict(within(found, limit), f"lag: {figures}, at most {worst:,} or {worst / rate:.1f} s")


def events(sent: int, log: int, store: int) -> Verdict:
    """All that was sent is in the log and counted, once."""
    return Verdict(sent == log == store, f"events: {sent:,} sent, {log:,} in the log, {store:,} in the store")


def end(ended: Ended, what: str) -> Verdict:
    """SIGTERM is answered with status 0."""
    return Verdict(ended.status == 0, f"SIGTERM {what}: exit status {ended.status} after {ended.seconds:.1f} s")
