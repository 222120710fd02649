"""The rules over stored minutes: what they would have told."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import Incident
from agent.alerting.minutes import DAY
from agent.alerting.rule import NO_LANGUAGE
from agent.backtest.days import Minutes, Seen, Span, before, days, walk, warm
from agent.progress import unseen

WEEK = 7 * DAY


class Outcome(NamedTuple):
    """What the rules told of some minutes; an incident that never fired was told to nobody."""

    incidents: Sequence[Incident]
    minutes: int
    languages: int
    notifications: int

    @property
    def weeks(self) -> float:
        """How long was evaluated."""
        return self.minutes / WEEK

    @property
    def per_week(self) -> float:
        """Incidents a week."""
        return len(self.incidents) / self.weeks

    def document(self) -> dict[str, Any]:
        """The figures as JSON has them."""
        incidents: list[Mapping[str, Any]] = [msgspec.to_builtins(one) for one in self.incidents]
        counts = {"weeks": self.weeks, "languages": self.languages, "notifications": self.notifications}
        return {"incidents": incidents, **counts, "incidents_per_week": self.per_week}


def outcomes(evaluators: Sequence[Evaluator], minutes: Minutes, span: Span, seen: Seen = unseen) -> list[Outcome]:
    """Walk a span once, with what came before it as history; several evaluators share the reading."""
    known = minutes.span()
    assert known is not None, "a span of minutes that are there"
    for day in days(minutes, before(span, known)):
        for evaluator in evaluators:
            warm(evaluator, [day])
    languages, told = Languages(), [0] * len(evaluators)
    for day in days(minutes, span):
        languages.add_all(row.key.language for row in day.rows)
        for at, evaluator in enumerate(evaluators):
            told[at] += len(walk(evaluator, day))
        seen(day.span.end - span.first, span.end - span.first)
    return [
        Outcome(fired(evaluator), span.end - span.first, len(languages), count)
        for evaluator, count in zip(evaluators, told, strict=True)
    ]


class Languages(set[str]):
    """The languages that were there; what is none of them does not count."""

    def add_all(self, names: Iterable[str]) -> None:
        """Those of a day."""
        self |= set(names) - set(NO_LANGUAGE)


def fired(evaluator: Evaluator, meant: Callable[[Incident], bool] = lambda _: True) -> list[Incident]:
    """The incidents that fired, in their newest state and the order in which they did."""
    told = [(one.fired_at, one.fingerprint, one) for one in evaluator.incidents if one.fired_at and meant(one)]
    return [one for _, _, one in sorted(told, key=lambda each: each[:2])]
