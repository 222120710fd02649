"""A measure over time: what it is, the band in which it usually lies, deployments as marks."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from markupsafe import Markup

from agent.charts.svg import Box, Scale, area, drawing, element, line, text, ticks

WIDTH: Final = 760.0
HEIGHT: Final = 220.0
PLOT: Final = Box(44, 22, WIDTH - 8, HEIGHT - 24)
ROOM: Final = 0.02
APART: Final = 70.0
DAY: Final = timedelta(days=1)
MOST_TIMES: Final = 8


class Point(NamedTuple):
    """The mean of a stretch drawn at `at`, in 0..1, with its 95 % interval; None where nothing is known."""

    at: datetime
    value: float | None
    low: float | None = None
    high: float | None = None


class Mark(NamedTuple):
    """A moment with a name, such as a deployment."""

    at: datetime
    name: str


class Trend(NamedTuple):
    """What is drawn, in [start, end]: `usual` is the band of the baseline (0..1), `fired` stretches in which an incident was open.

    Without `shares` values are no shares but scores, of any size and in their own units.
    """

    start: datetime
    end: datetime
    points: Sequence[Point]
    usual: tuple[float, float] | None = None
    marks: Sequence[Mark] = ()
    fired: Sequence[tuple[datetime, datetime]] = ()
    shares: bool = True


def trend(drawn: Trend, label: str) -> Markup:
    """The chart, shares in percent; `label` is read out instead of it."""
    x, y = _across(drawn), _upwards(drawn)
    parts = [*_open(drawn, x), *_grid(y, shares=drawn.shares), *_times(drawn, x), *_band(drawn, y), *_interval(drawn, x, y)]
    values = [None if one.value is None else (x(_second(one.at)), y(one.value)) for one in drawn.points]
    return drawing(label, WIDTH, HEIGHT, [*parts, line(values, "series"), *_marks(drawn, x)], "trend")


def _second(at: datetime) -> float:
    return at.timestamp()


def _across(drawn: Trend) -> Scale:
    return Scale(_second(drawn.start), _second(drawn.end), PLOT.left, PLOT.right)


def _upwards(drawn: Trend) -> Scale:
    """From the lowest to the highest that is drawn, and a little more; shares within 0..1."""
    shown = [value for one in drawn.points for value in (one.value, one.low, one.high) if value is not None]
    shown += drawn.usual or ()
    low, high = (min(shown), max(shown)) if shown else (0.0, 1.0)
    if drawn.shares:
        return Scale(max(low - ROOM, 0.0), min(high + ROOM, 1.0), PLOT.bottom, PLOT.top)
    room = max(ROOM, (high - low) / 10)
    return Scale(low - room, high + room, PLOT.bottom, PLOT.top)


def _grid(y: Scale, *, shares: bool) -> Iterator[Markup]:
    one, unit = (100, " %") if shares else (1, "")
    for value in ticks(one * y.low, one * y.high):
        at = y(value / one)
        yield element("line", x1=PLOT.left, x2=PLOT.right, y1=at, y2=at, class_="grid")
        yield text(PLOT.left - 6, at + 4, f"{value:g}{unit}", anchor="end")


def _times(drawn: Trend, x: Scale) -> Iterator[Markup]:
    for at in _moments(drawn.start, drawn.end):
        said = f"{at:%b} {at.day}" if at.hour == at.minute == 0 else f"{at:%H:%M}"
        yield text(x(_second(at)), HEIGHT - 6, said, anchor="middle")


def _moments(start: datetime, end: datetime) -> Iterator[datetime]:
    """Round times within: days, or parts of one, in UTC."""
    span = end - start
    steps = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=3), timedelta(hours=6), DAY, 2 * DAY, 7 * DAY, 28 * DAY)
    step = next((each for each in steps if span / each <= MOST_TIMES), 91 * DAY)
    midnight = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight
    while at < end:
        if at >= start:
            yield at
        at += step


def _band(drawn: Trend, y: Scale) -> Iterator[Markup]:
    if drawn.usual:
        top, bottom = y(drawn.usual[1]), y(drawn.usual[0])
        yield element("rect", x=PLOT.left, y=top, width=PLOT.right - PLOT.left, height=max(bottom - top, 1.0), class_="usual")


def _interval(drawn: Trend, x: Scale, y: Scale) -> Iterator[Markup]:
    """The 95 % interval of each stretch, joined where stretches follow each other."""
    for run in _runs(drawn.points):
        places = [(x(_second(at)), y(low), y(high)) for at, low, high in run]
        yield area([(at, high) for at, _, high in places], [(at, low) for at, low, _ in places], "interval")


def _runs(points: Iterable[Point]) -> list[list[tuple[datetime, float, float]]]:
    runs: list[list[tuple[datetime, float, float]]] = [[]]
    for one in points:
        if one.low is None or one.high is None:
            runs.append([])
        else:
            runs[-1].append((one.at, one.low, one.high))
    return [run for run in runs if len(run) > 1]


def _open(drawn: Trend, x: Scale) -> Iterator[Markup]:
    for start, end in drawn.fired:
        left, right = x(_second(start)), x(_second(end))
        yield element("rect", x=left, y=PLOT.top, width=max(right - left, 2.0), height=PLOT.bottom - PLOT.top, class_="fired")


def _marks(drawn: Trend, x: Scale) -> Iterator[Markup]:
    """A line each, and the name where there is room for it."""
    free = 0.0
    for mark in sorted(drawn.marks):
        at = x(_second(mark.at))
        yield element("line", x1=at, x2=at, y1=PLOT.top - 6, y2=PLOT.bottom, class_="mark")
        if at >= free:
            side = "end" if at > PLOT.right - APART else "start"
            yield text(at + (-3 if side == "end" else 3), PLOT.top - 8, mark.name[:24], "mark", side)
            free = at + APART
