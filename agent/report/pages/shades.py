"""Seven steps of a heat map, the lowest first: pure. A number stands in each cell; the shade only helps the eye."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

from agent.report.pages.measure import SCORES, Name

RATES: Final = (0.20, 0.40, 0.60, 0.75, 0.85, 0.95)
"""Where the steps of a rate begin: the same on every page, so that a shade means the same tomorrow."""
STEPS: Final = len(RATES) + 1


class Scale(NamedTuple):
    """`bounds` are the lower limits of all steps but the first; `fixed`: they do not depend on what is shown."""

    bounds: Sequence[float]
    fixed: bool

    def step(self, value: float) -> int:
        """The step of a value, 0 to 6."""
        return bisect_right(self.bounds, value)


def scale_of(name: Name | None, values: Sequence[float]) -> Scale | None:
    """Rates have fixed steps; mean scores, which have no natural limits, equal ones between the lowest and the highest shown."""
    if name is None:
        return None
    if name != SCORES:
        return Scale(RATES, fixed=True)
    low, high = min(values, default=0.0), max(values, default=0.0)
    return Scale([low + (high - low) * step / STEPS for step in range(1, STEPS)], fixed=False) if high > low else None


def bound(value: float, name: Name) -> str:
    """A limit of a step: `75 %`, or `0.412` of a score."""
    return f"{value:.3f}" if name == SCORES else f"{100 * value:.0f} %"
