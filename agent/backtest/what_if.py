"""The same history under other limits: what fewer or more points, and more or fewer standard errors, would have told."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from agent.alerting.rule import Asked, DropRule, Rule

ZS: Final = (3.5, 4.0, 4.5, 5.0)
POINTS: Final = (2, 3, 5)


class Variant(NamedTuple):
    """Rules whose falls need so many points and, against the days before, so many standard errors."""

    z: float
    points: int
    rules: Sequence[Rule]


def variants(rules: Sequence[Rule]) -> Iterator[Variant]:
    """Each combination; thresholds of single languages stay, and so do all other rules."""
    for z in ZS:
        for points in POINTS:
            yield Variant(z, points, [_with(rule, z, points) if isinstance(rule, DropRule) else rule for rule in rules])


def _with(rule: DropRule, z: float, points: int) -> DropRule:
    """The other baselines ask for as much more or less as the trailing one."""
    more = z - rule.asked.trailing
    return replace(rule, threshold=points / 100, asked=Asked(*(one + more for one in rule.asked)))
