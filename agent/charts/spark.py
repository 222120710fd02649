"""A measure over time in the size of a word."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from agent.charts.svg import Scale, drawing, element, line

WIDTH: Final = 120.0
HEIGHT: Final = 24.0
LEAST: Final = 0.1
"""A range of ten points fills the height at least: what does not move does not look as if it did."""


def spark(values: Sequence[float | None], label: str) -> Markup:
    """`values` in 0..1, oldest first, None where nothing is known; the newest is a dot. `label` is read out instead."""
    known = [value for value in values if value is not None]
    if not known:
        return drawing(label, WIDTH, HEIGHT, (), "spark")
    x, y = Scale(0, max(len(values) - 1, 1), 2, WIDTH - 4), _across(known)
    points = [None if value is None else (x(place), y(value)) for place, value in enumerate(values)]
    last = next(point for point in reversed(points) if point)
    return drawing(
        label, WIDTH, HEIGHT, (line(points, "series"), element("circle", cx=last[0], cy=last[1], r=2.5, class_="now")), "spark"
    )


def _across(known: Sequence[float]) -> Scale:
    low, high = min(known), max(known)
    slack = max(LEAST - (high - low), 0.0) / 2
    return Scale(low - slack, high + slack, HEIGHT - 3, 3)
