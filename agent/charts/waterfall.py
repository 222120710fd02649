"""A sum and its parts: from a value before, by steps up and down, to the value after."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from markupsafe import Markup

from agent.charts.svg import Scale, drawing, element, text
from agent.notify.text import signed

WIDTH: Final = 760.0
ROW: Final = 22.0
NAMES: Final = 190.0
FIGURES: Final = 70.0


class Step(NamedTuple):
    """A part and by how much it moves the sum, in 0..1."""

    name: str
    change: float


def waterfall(before: tuple[str, float], steps: Sequence[Step], after: tuple[str, float], label: str) -> Markup:
    """Bars from left to right, one a row; `label` is read out instead of it."""
    ends = [before[1], after[1], *_sums(before[1], steps)]
    slack = max((max(ends) - min(ends)) * 0.1, 0.005)
    x = Scale(min(ends) - slack, max(ends) + slack, NAMES, WIDTH - FIGURES)
    rows = [*_whole(0, before, x), *_steps(before[1], steps, x), *_whole(len(steps) + 1, after, x)]
    return drawing(label, WIDTH, ROW * (len(steps) + 2) + 4, rows, "waterfall")


def _sums(start: float, steps: Sequence[Step]) -> Iterator[float]:
    for step in steps:
        start += step.change
        yield start


def _whole(row: int, side: tuple[str, float], x: Scale) -> Iterator[Markup]:
    name, value = side
    at = x(value)
    yield from _named(row, name)
    yield element("line", x1=at, x2=at, y1=row * ROW + 3, y2=row * ROW + ROW - 1, class_="whole")
    yield text(at + 6, row * ROW + 16, f"{100 * value:.1f} %", "figure")


def _steps(start: float, steps: Sequence[Step], x: Scale) -> Iterator[Markup]:
    for row, (step, end) in enumerate(zip(steps, _sums(start, steps), strict=True), 1):
        left, right = sorted((x(end - step.change), x(end)))
        kind = "better" if step.change > 0 else "worse" if step.change < 0 else "same"
        yield from _named(row, step.name)
        yield element("rect", x=left, y=row * ROW + 4, width=max(right - left, 1.0), height=ROW - 8, class_=kind)
        yield text(right + 6, row * ROW + 16, points(step.change), "figure")


def _named(row: int, name: str) -> Iterator[Markup]:
    yield text(NAMES - 10, row * ROW + 16, name, "name", "end")


def points(change: float) -> str:
    """Points with their sign: a fall of .049 is `−4.9`, nothing is `0.0`."""
    said = signed(100 * change)
    return "0.0" if said in {"+0.0", "−0.0"} else said
