"""Which rules look through which ladder: one for all that choose the same collections."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from agent.alerting.grid import Grid
from agent.alerting.intake import Collections, collections_of
from agent.alerting.ladder import Ladder
from agent.alerting.rule import DropRule


class View(NamedTuple):
    """One ladder with the rules that look through it."""

    ladder: Ladder
    rules: tuple[DropRule, ...]

    @property
    def needs_ladder(self) -> bool:
        """Whether any of the rules compares with more than the version before."""
        return any(set(rule.baselines) != {"version"} for rule in self.rules)


def views(rules: Sequence[DropRule], grid: Grid) -> dict[Collections, View]:
    """One ladder for all rules that choose the same collections."""
    groups: defaultdict[Collections, list[DropRule]] = defaultdict(list)
    for rule in rules:
        groups[collections_of(rule)].append(rule)
    return {
        name: View(Ladder(grid, sorted({window for rule in mine for window in rule.windows})), tuple(mine))
        for name, mine in groups.items()
    }
