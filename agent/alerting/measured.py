"""What the languages measure now, for dashboards of other people: a bounded list of plain figures."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from agent.alerting.ladder import Track
from agent.alerting.looked import Looked
from agent.alerting.minutes import HOUR
from agent.alerting.rule import Measure

MOST: Final = 300  # lines of a scrape, two figures each; the languages with most queries


class Measured(NamedTuple):
    """A measure of one language of a service over a window of an hour or less, in 0..1, beside what is usual at these hours.

    `n`: the queries of the window. Of several environments and score scales it is the one with most queries.
    """

    service: str
    language: str
    measure: Measure
    n: float
    current: float
    expected: float


def chosen(cells: Iterable[tuple[Track, Looked, int, int]]) -> list[Measured]:
    """Of what is known at these rows and minutes of ladders, one for each name, those with most queries first."""
    found: dict[tuple[str, str, str], Measured] = {}
    for measured in filter(None, (_measured(*cell) for cell in cells)):
        name = measured[:3]
        if name not in found or measured.n > found[name].n:
            found[name] = measured
    return sorted(found.values(), key=lambda one: -one.n)[:MOST]


def _measured(track: Track, looked: Looked, row: int, at: int) -> Measured | None:
    """None where nothing was asked in the window, nothing is known of before, or the minute is not among those looked at."""
    place = row, _window(looked.windows), at
    if not 0 <= at < looked.n.shape[2] or looked.n[place] <= 0 or looked.n_baseline[place] <= 0:
        return None
    subject = track.subject
    figures = (float(cells[place]) for cells in (looked.n, looked.mean, looked.expected))
    return Measured(subject.service, subject.language, track.measure, *figures)


def _window(windows: tuple[int, ...]) -> int:
    """The place of the longest window of at most an hour, else of the shortest."""
    return max((at for at, minutes in enumerate(windows) if minutes <= HOUR), key=windows.__getitem__, default=0)
