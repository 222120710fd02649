"""Charts as SVG that is made on the server: figures in, markup out; every text is escaped.

Colours are classes of `look.css`, never attributes: a page that allows no inline style shows them, in dark and in light.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from math import floor, log10
from typing import Final, NamedTuple

from markupsafe import Markup, escape

STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
"""What people count in."""


class Box(NamedTuple):
    """A part of a chart, in its units; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float


class Scale(NamedTuple):
    """A straight line from values to places."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of a value, at most a little outside of the chart."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return self.start + (self.end - self.start) * min(max(share, -0.02), 1.02)


def element(name: str, *inside: str, **attributes: object) -> Markup:
    """One element; `class_` is the class, an underscore a hyphen, None is left out."""
    written = "".join(f' {_attribute(key)}="{_figure(value)}"' for key, value in attributes.items() if value is not None)
    text = Markup("").join(inside) if inside else ""
    return Markup(f"<{name}{written}>{text}</{name}>")  # noqa: S704 - names are ours, values are escaped, and so is the text


def drawing(label: str, width: float, height: float, inside: Iterable[Markup], class_: str) -> Markup:
    """The whole chart; `label` is read out instead of it."""
    title = element("title", label)
    return element(
        "svg",
        title,
        *inside,
        class_=f"chart {class_}",
        viewBox=f"0 0 {_figure(width)} {_figure(height)}",
        role="img",
        aria_label=label,
    )


def text(x: float, y: float, said: str, class_: str = "axis", anchor: str | None = None) -> Markup:
    """Words at a place."""
    return element("text", said, x=x, y=y, class_=class_, text_anchor=anchor)


def line(points: Sequence[tuple[float, float] | None], class_: str) -> Markup:
    """A line through the points; where one is missing it stops, and a point alone is a dot."""
    parts = [part for part in _parts(points) if len(part) > 1]
    dots = [
        element("circle", cx=part[0][0], cy=part[0][1], r=1.5, class_=f"{class_} dot") for part in _parts(points) if len(part) == 1
    ]
    path = "".join(f"M{'L'.join(f'{_figure(x)} {_figure(y)}' for x, y in part)}" for part in parts)
    return Markup("").join([element("path", d=path, class_=class_) if path else Markup(""), *dots])


def area(upper: Sequence[tuple[float, float]], lower: Sequence[tuple[float, float]], class_: str) -> Markup:
    """What lies between two lines over the same places."""
    path = "L".join(f"{_figure(x)} {_figure(y)}" for x, y in (*upper, *reversed(lower)))
    return element("path", d=f"M{path}Z", class_=class_) if upper else Markup("")


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values within [low, high], at most so many."""
    span = high - low
    if span <= 0:
        return [low]
    power = 10.0 ** floor(log10(span / most))
    step = next(power * each for each in STEPS if span / (power * each) <= most)
    first = -floor(-low / step)
    return [round((first + number) * step, 10) for number in range(floor(high / step + 1e-9) - first + 1)]


def _parts(points: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    parts: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            parts.append([])
        else:
            parts[-1].append(point)
    return [part for part in parts if part]


@cache
def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _figure(value: object) -> str:
    """Places to a tenth, since a page has a hundred charts; what is no figure is escaped."""
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return str(value) if isinstance(value, int) else escape(value)
