"""What a rules file says, once it is read: frozen records with the default of every key that may be left out."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from agent.alerting.incident import Severity
from agent.records import WindowKey

Measure = Literal[
    "recall_at_k", "hit_rate", "similarity_mean", "has_results", "und", "mixed", "fallback", "other_language", "low_translation"
]
Share = Literal["und", "mixed", "fallback", "zero_results", "other_language", "low_translation"]
BaselineKind = Literal["version", "trailing", "reference"]
Field = Literal["service", "environment", "collection", "language"]

SHARES: Mapping[Share, Measure] = {  # each measure is one where all is well, and falls as the share rises
    "und": "und",
    "mixed": "mixed",
    "fallback": "fallback",
    "zero_results": "has_results",
    "other_language": "other_language",
    "low_translation": "low_translation",
}
LABELS: Final[Measure] = "recall_at_k"  # the one measure that needs relevant documents in the log
MEASURES: tuple[Measure, ...] = (LABELS, "hit_rate", "similarity_mean")  # of a drop rule
WINDOWS = (15, 60, 240, 1440, 4320)  # minutes: the ladder
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


REAL_LANGUAGES = (Condition("language", NO_LANGUAGE, negated=True),)


class Limits(NamedTuple):
    """When a fall counts: at least `threshold` (0..1) and `z` standard errors, on `min_events` queries on both sides."""

    threshold: float
    z: float
    min_events: int


class Asked(NamedTuple):
    """The standard errors that each baseline asks for; `warm_up` is that of the trailing one under seven days of history."""

    version: float = 3.5
    trailing: float = 4.0
    reference: float = 4.0
    warm_up: float = 5.0


class _Rule(Struct, frozen=True, kw_only=True):
    name: str
    where: tuple[Condition, ...] = REAL_LANGUAGES
    severity: Severity | Literal["auto"] = "auto"
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class DropRule(_Rule, frozen=True, kw_only=True):
    """A language got worse: against the version before, the same hours of the days before, a fixed reference."""

    measures: tuple[Measure, ...] = MEASURES
    baselines: tuple[BaselineKind, ...] = ("version", "trailing", "reference")
    threshold: float = 0.03
    asked: Asked = Asked()
    windows: tuple[int, ...] = WINDOWS
    min_events: int = 50
    for_minutes: int = 5
    overrides: dict[str, float] = {}  # language to its threshold (0..1)

    def threshold_of(self, language: str) -> float:
        """The language's own threshold, where it has one."""
        return self.overrides.get(language, self.threshold)

    def limits_of(self, language: str) -> Limits:
        """The limits of the version rule."""
        return Limits(self.threshold_of(language), self.asked.version, self.min_events)


class ShareRule(_Rule, frozen=True, kw_only=True):
    """A share of a language's queries rose against the same hours of the days before."""

    of: Share
    threshold: float = 0.05
    asked: Asked = Asked()
    windows: tuple[int, ...] = WINDOWS
    min_events: int = 50
    for_minutes: int = 5

    def as_fall(self) -> "DropRule":
        """The same as a fall of the share where all is well; it is a count, so that nothing has to confirm it."""
        return DropRule(
            name=self.name,
            where=self.where,
            severity="warning" if self.severity == "auto" else self.severity,
            labels=self.labels,
            annotations=self.annotations,
            measures=(SHARES[self.of],),
            baselines=("trailing",),
            threshold=self.threshold,
            asked=self.asked,
            windows=self.windows,
            min_events=self.min_events,
            for_minutes=self.for_minutes,
        )


class GapRule(_Rule, frozen=True, kw_only=True):
    """A language lies far below the service's reference languages, by labels."""

    threshold: float = 0.20
    min_events: int = 50  # of a window


class LowRule(_Rule, frozen=True, kw_only=True):
    """A language is consistently low: its best scores look like those of unrelated text."""


class VanishedRule(_Rule, frozen=True, kw_only=True):
    """A language's traffic is gone: at most `share` of what is expected, where at least `min_expected` queries are."""

    share: float = 0.10
    min_expected: int = 30
    windows: tuple[int, ...] = (15, 60, 240, 1440)
    for_minutes: int = 5


class LagRule(_Rule, frozen=True, kw_only=True):
    """The agent is blind: what it evaluates is older than this, on wall time."""

    for_minutes: int = 15


Rule = DropRule | ShareRule | GapRule | LowRule | VanishedRule | LagRule


def applies(rule: Rule, key: WindowKey) -> bool:
    """Whether a rule judges these windows."""
    return all(condition.holds(key) for condition in rule.where)
