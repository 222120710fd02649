"""What the rules on levels share: windows that fill in their own time, runs of them, and who speaks for an incident."""

from typing import Any, NamedTuple

from msgspec import Struct, to_builtins

from agent.alerting.incident import Incident
from agent.alerting.lifecycle import Observation, Standing
from agent.alerting.measures import Quality
from agent.alerting.recent import Values
from agent.alerting.rule import NO_LANGUAGE, GapRule, LowRule
from agent.records import WindowKey

SMALLEST_MINUTES = 15
WINDOWS = 3  # in a row: bad to fire, surely not bad to resolve
LARGEST_LANGUAGES = 3  # the reference where none is configured


class Window(Values, kw_only=True, array_like=True):
    """Values from a minute on, until there are enough of them."""

    first: int

    def is_old(self, last: int) -> bool:
        """Whether it has its fifteen minutes."""
        return last - self.first >= SMALLEST_MINUTES - 1

    def minutes(self, last: int) -> int:
        """How long it is at the end of this minute."""
        return last - self.first + 1


class Run(Struct, array_like=True):
    """Consecutive bad windows: how many, since when, and the last three of them."""

    length: int = 0
    began: int = 0
    windows: list[Window] = []

    def add(self, window: Window) -> None:
        """One more."""
        self.began = self.began if self.length else window.first
        self.length += 1
        self.windows = [*self.windows, window][-WINDOWS:]

    def together(self) -> Window:
        """The last windows as one."""
        total = Window(first=self.windows[0].first)
        for window in self.windows:
            total.add(window.n, window.counts)
        return total


class Speaker(NamedTuple):
    """Whose observation it is; labels have no model."""

    rule: str
    embedding_model: str = ""


def is_heard(standing: Standing | None, speaker: Speaker, seen: Observation) -> bool:
    """Whether an observation is for the incident that stands: one language's level is one incident of several rules.

    A pending one belongs to whom it is pending for: windows of one model or rule are not counted with those of another. A
    firing one is ended by the rule that leads it; others join it once, after as many windows in a row as it takes to fire.
    """
    if standing is None:
        return True
    incident = standing.incident
    joins = seen.breach is not None and seen.in_a_row >= WINDOWS
    if incident.state == "pending":
        return joins or (incident.rule, incident.embedding_model or "") == speaker
    return incident.rule == speaker.rule or (joins and _is_news(incident, speaker, seen))


def _is_news(incident: Incident, speaker: Speaker, seen: Observation) -> bool:
    """Whether this rule is not yet in the evidence, and does not take the lead from labels."""
    assert seen.breach is not None
    known = any(one.rule == speaker.rule for one in incident.evidence)
    return not known and (incident.confirmed != "yes" or seen.breach.confirmed == "yes")


def judges(rule: GapRule | LowRule, language: str) -> bool:
    """Whether a rule judges this language."""
    return all(condition.admits(language) for condition in rule.where if condition.field == "language")


def counts(rule: GapRule | LowRule, quality: Quality, key: WindowKey) -> bool:
    """Whether a window is judged or is part of the reference."""
    elsewhere = all(condition.holds(key) for condition in rule.where if condition.field != "language")
    refers = key.language in quality.reference if quality.reference else key.language not in NO_LANGUAGE
    return elsewhere and (refers or judges(rule, key.language))


def largest(sizes: dict[str, int]) -> tuple[str, ...]:
    """The three languages with most queries."""
    real = (language for language in sizes if language not in NO_LANGUAGE)
    return tuple(sorted(real, key=lambda language: (-sizes[language], language))[:LARGEST_LANGUAGES])


def nearly_largest(sizes: dict[str, int]) -> tuple[str, ...]:
    """These, and those with at least half as many queries as the third: where all are asked alike, chance picks no three."""
    three = largest(sizes)
    least = sizes[three[-1]] / 2 if three else 0
    return tuple(sorted(language for language, n in sizes.items() if n >= least and language not in NO_LANGUAGE))


def state_of(state: Struct) -> dict[str, Any]:
    """A judge's state as plain JSON, no longer tied to it."""
    plain: dict[str, Any] = to_builtins(state, str_keys=True)
    return plain
