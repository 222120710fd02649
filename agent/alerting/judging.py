"""Which windows of the ladder are in breach: the rules' thresholds laid over what was looked at."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import sqrt
from typing import Final, Literal, NamedTuple

import numpy as np

from agent.alerting.fall import Signal
from agent.alerting.grid import Bools, Floats
from agent.alerting.ladder import Track
from agent.alerting.looked import Looked
from agent.alerting.noise import SETTLED_DAYS
from agent.alerting.rule import LABELS, DropRule, Limits
from agent.alerting.statistics import Z95, Figures, Noise, Parts

POINTS: Final = 0.03  # the threshold at which a relative fall is ...
PART: Final = 0.30  # of its rate that a measure falls by, or ...
TREBLE: Final = 3.0  # ... so many times as many misses
RATES: Final = (LABELS, "hit_rate", "has_results")  # relative falls


class Asking(NamedTuple):
    """What one rule asks of each track: arrays of one value a track; `counts` says which tracks it judges at all."""

    rule: DropRule
    counts: Bools
    threshold: Floats
    z: Floats

    def limits(self, track: int) -> Limits:
        """The limits of one track."""
        return Limits(float(self.threshold[track]), float(self.z[track]), self.rule.min_events)


class Hit(NamedTuple):
    """One rule in breach on one window of a track; `relative`: only as a part of its rate."""

    rule: DropRule
    limits: Limits
    against: Literal["trailing", "reference"]
    track: Track
    figures: Figures
    days: int
    relative: bool

    def signal(self, minute: int) -> Signal:
        """The same as evidence."""
        span = minute - self.figures.scale_minutes + 1, minute + 1, self.days
        place = self.rule, self.limits, self.against, self.track.measure, self.track.scale, self.figures
        return Signal(*place, *span, track=self.track, relative=self.relative)


class Judged(NamedTuple):
    """What was looked at, and where it is in breach: tracks x windows x minutes."""

    asking: Asking
    against: Literal["trailing", "reference"]
    looked: Looked
    breach: Bools
    absolute: Bools


def judge(asking: Asking, against: Literal["trailing", "reference"], looked: Looked, tracks: Sequence[Track]) -> Judged:
    """Breach at any window: n and n_b at least 50, and the fall is large and certain, in points or as a part of its rate."""
    rule = asking.rule
    windows = np.isin(looked.windows, rule.windows)[None, :, None] & asking.counts[:, None, None]
    enough = windows & (looked.n >= rule.min_events) & (looked.n_baseline >= rule.min_events)
    se = np.sqrt(looked.chance + looked.tau2)
    z = asking.z[:, None, None]
    absolute = enough & (looked.drop >= asking.threshold[:, None, None]) & (looked.drop >= z * se)
    rates = np.array([track.measure in RATES for track in tracks], bool)[:, None, None]
    return Judged(asking, against, looked, absolute | (enough & rates & _relative(looked, asking)), absolute)


def _relative(looked: Looked, asking: Asking) -> Bools:
    """By 30 % of its rate, or to three times the misses, where 3 points are asked, and in proportion where more or less is.

    3 points mean little at 8 % and much at 99 %.
    """
    part = asking.threshold[:, None, None] / POINTS
    far = (looked.drop >= PART * part * looked.expected) | (1 - looked.mean >= (1 + (TREBLE - 1) * part) * (1 - looked.expected))
    se = np.sqrt(looked.chance + looked.tau2_relative)
    found: Bools = far & (looked.drop >= asking.z[:, None, None] * se) & (looked.drop > 0)
    return found


def within(judged: Judged, floors: Floats) -> Judged:
    """Without the windows that reach back before a minute that each track has."""
    looked = judged.looked
    ends = looked.first + np.arange(looked.n.shape[2])
    starts = ends[None, :] - np.asarray(looked.windows)[:, None] + 1
    return judged._replace(breach=judged.breach & (starts[None] >= floors[:, None, None]))


def hits(judged: Judged, tracks: Sequence[Track], days: Sequence[int], minute: int) -> Iterator[Hit]:
    """The strongest window of each track in breach at the end of this minute."""
    at = minute - judged.looked.first
    for track in np.flatnonzero(judged.breach[:, :, at].any(1)):
        found = [_hit(judged, tracks, days, int(track), int(window), at) for window in np.flatnonzero(judged.breach[track, :, at])]
        yield max(found, key=lambda hit: hit.figures.z)


class Sounded(NamedTuple):
    """What a rule says of a stretch of minutes; `loud`: in which of them anything is in breach."""

    judged: Judged
    tracks: Sequence[Track]
    days: Sequence[int]
    loud: Bools

    def hits(self, minute: int) -> Iterable[Hit]:
        """What is in breach at the end of this minute."""
        at = minute - self.judged.looked.first
        return hits(self.judged, self.tracks, self.days, minute) if 0 <= at < len(self.loud) and self.loud[at] else ()


def _hit(judged: Judged, tracks: Sequence[Track], days: Sequence[int], track: int, window: int, at: int) -> Hit:  # noqa: PLR0913, PLR0917
    relative = not judged.absolute[track, window, at]
    figures = figures_of(judged.looked, track, window, at, relative=relative)
    asking = judged.asking
    return Hit(asking.rule, asking.limits(track), judged.against, tracks[track], figures, int(days[track]), relative)


def figures_of(looked: Looked, track: int, window: int, at: int, *, relative: bool = False) -> Figures:
    """One cell as figures."""
    cell = track, window, at
    n, mean, expected, weight, own, before = (each.item(cell) for each in looked[2:8])
    phi = looked.phi.item(track, 0, 0)
    tau = sqrt((looked.tau2_relative if relative else looked.tau2).item(track, window, 0))
    se, drop = sqrt(phi * (own / n + before / weight) + tau**2), expected - mean
    interval = (drop - Z95 * se, drop + Z95 * se)
    parts = Parts(own, before, weight, Noise(phi, tau))
    return Figures(round(n), round(weight), mean, expected, drop, se, drop / se, interval, looked.windows[window], parts)


def asked(
    rule: DropRule, tracks: Mapping[Track, int], days: Sequence[int], *, trailing: bool, unit: Mapping[Track, float]
) -> Asking:
    """A rule's limits for each track; `unit` has the threshold of similarities where floor and reference are known."""
    size = len(days)
    known = list(tracks)[:size]
    counts = np.array([track.measure in rule.measures for track in known], bool)
    threshold = np.array([unit.get(track, rule.threshold_of(track.subject.language)) for track in known], float)
    steady = np.full(size, rule.asked.trailing if trailing else rule.asked.reference)
    early = trailing & (np.asarray(days) < SETTLED_DAYS)
    return Asking(rule, counts, threshold, np.where(early, rule.asked.warm_up, steady))
