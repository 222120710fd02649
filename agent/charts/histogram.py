"""How the best scores of a language lie, against the floor of unrelated text and the threshold of a hit."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from markupsafe import Markup

from agent.charts.svg import Box, Scale, drawing, element, text, ticks

WIDTH: Final = 760.0
HEIGHT: Final = 180.0
PLOT: Final = Box(10, 22, WIDTH - 10, HEIGHT - 24)


class Bar(NamedTuple):
    """How many queries have a score in [low, high)."""

    low: float
    high: float
    events: int


class Line(NamedTuple):
    """A value with a name; `kind` is its class: floor or threshold."""

    value: float
    name: str
    kind: str


def histogram(bars: Sequence[Bar], lines: Sequence[Line], label: str) -> Markup:
    """`label` is read out instead of it."""
    if not bars:
        return drawing(label, WIDTH, HEIGHT, (), "histogram")
    low = min(bars[0].low, *(one.value for one in lines)) if lines else bars[0].low
    high = max(bars[-1].high, *(one.value for one in lines)) if lines else bars[-1].high
    x, y = Scale(low, high, PLOT.left, PLOT.right), Scale(0, max(bar.events for bar in bars), PLOT.bottom, PLOT.top)
    return drawing(label, WIDTH, HEIGHT, [*_bars(bars, x, y), *_axis(x), *_lines(lines, x)], "histogram")


def _bars(bars: Sequence[Bar], x: Scale, y: Scale) -> Iterator[Markup]:
    for bar in bars:
        left, right, top = x(bar.low), x(bar.high), y(bar.events)
        yield element("rect", x=left, y=top, width=max(right - left - 0.5, 0.5), height=PLOT.bottom - top, class_="bar")


def _axis(x: Scale) -> Iterator[Markup]:
    yield element("line", x1=PLOT.left, x2=PLOT.right, y1=PLOT.bottom, y2=PLOT.bottom, class_="grid")
    for value in ticks(x.low, x.high, 10):
        yield text(x(value), HEIGHT - 6, f"{value:g}", anchor="middle")


def _lines(lines: Sequence[Line], x: Scale) -> Iterator[Markup]:
    """The names to the left and to the right, so that two that lie together can be read."""
    for place, one in enumerate(sorted(lines)):
        at, first = x(one.value), place == 0 and len(lines) > 1
        yield element("line", x1=at, x2=at, y1=PLOT.top - 6, y2=PLOT.bottom, class_=one.kind)
        anchor = "end" if (first and at > PLOT.left + 150) or at > PLOT.right - 150 else "start"
        yield text(at + (-4 if anchor == "end" else 4), PLOT.top - 8, f"{one.name} {one.value:.2f}", one.kind, anchor)


def coarse(counts: Mapping[int, int], width: float, most: int = 60) -> list[Bar]:
    """Bars of a histogram by bin (bin n holds [n width, (n + 1) width)), joined until they are few enough."""
    if not counts:
        return []
    first, last = min(counts), max(counts)
    step = -(-(last - first + 1) // most)
    starts = range(first - first % step, last + 1, step)
    return [
        Bar(start * width, (start + step) * width, sum(counts.get(start + each, 0) for each in range(step))) for start in starts
    ]
