"""Sides for the tests of comparisons."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from agent.probing.comparing.comparison import Asked, By, Comparison, compare
from agent.probing.comparing.metric import Metric
from agent.probing.comparing.sides import Marks, Side
from agent.probing.scores import Group

RECALL = Metric("recall", 10)
Values = Sequence[float]
ByGroup = Mapping[str, Values] | Mapping[tuple[str, str], Values]


def marks(values: Values, first: int = 0) -> Marks:
    """Queries whose keys are the numbers from `first` on."""
    return Marks(np.arange(first, first + len(values), dtype=np.uint64), np.array(values, float))


def side(name: str, values: ByGroup, **others: Any) -> Side:
    """A side by language, or by language and that of the documents; the keys of each begin at 0."""
    groups = {Group(*([key] if isinstance(key, str) else key)): some for key, some in values.items()}
    return Side(name, {group: marks(some) for group, some in groups.items()}, **others)


def compared(
    base: ByGroup,
    candidate: ByGroup,
    by: By = "language",
    **others: Any,
) -> Comparison:
    """Two sides where a fall of three points is allowed."""
    return compare(side("base.jsonl", base, **others), side("candidate.jsonl", candidate), Asked(RECALL, 0.03, by))


GOOD = [1.0, 0.0] * 300
BAD = [0.0, 0.0] * 100 + [1.0, 0.0] * 200
WOBBLY = [0.0, 1.0, *[1.0, 0.0] * 4] * 60  # as good as GOOD, with another answer to a fifth of the queries
EVERY_VERDICT = ({"en": GOOD, "es": GOOD, "zh": GOOD, "lo": [1.0] * 30}, {"en": GOOD, "es": BAD, "zh": WOBBLY, "lo": [1.0] * 30})
