"""What a rules file says, once it is read: frozen records without defaults of their own."""

from typing import Literal, NamedTuple

from msgspec import Struct

from agent.alerting.incident import Severity
from agent.records import WindowKey

Measure = Literal["recall_at_k", "hit_rate", "similarity_mean"]
Field = Literal["service", "environment", "collection", "language"]

NO_LANGUAGE = ("und", "mul", "__other__")  # no single language: judged only by a rule that names them


class Condition(NamedTuple):
    """One line of `where`: the field is one of the values, or with `negated` none of them."""

    field: Field
    values: tuple[str, ...]
    negated: bool = False

    def holds(self, key: WindowKey) -> bool:
        """Whether a window is meant."""
        return self.admits(getattr(key, self.field))

    def admits(self, value: str) -> bool:
        """Whether a value of the field is meant."""
        return (value in self.values) != self.negated


class Limits(NamedTuple):
    """When a fall counts: at least `threshold` (0..1) and `z` standard errors, on `min_events` queries on both sides."""

    threshold: float
    z: float
    min_events: int


class DropRule(Struct, frozen=True):
    """A language got worse: the version rule."""

    name: str
    where: tuple[Condition, ...]
    severity: Severity | Literal["auto"]
    labels: dict[str, str]
    annotations: dict[str, str]
    measures: tuple[Measure, ...]
    limits: Limits
    overrides: dict[str, float]  # language to its threshold (0..1)
    for_minutes: int

    def limits_of(self, language: str) -> Limits:
        """The limits, with the language's own threshold where it has one."""
        return self.limits._replace(threshold=self.overrides.get(language, self.limits.threshold))


class LowRule(Struct, frozen=True):
    """A language is consistently low: its best scores look like those of unrelated text."""

    name: str
    where: tuple[Condition, ...]
    severity: Severity | Literal["auto"]
    labels: dict[str, str]
    annotations: dict[str, str]


Rule = DropRule | LowRule


def applies(rule: Rule, key: WindowKey) -> bool:
    """Whether a rule judges these windows."""
    return all(condition.holds(key) for condition in rule.where)
