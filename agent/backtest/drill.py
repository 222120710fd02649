"""A fall injected into stored minutes: how soon the rules would tell it on one's own traffic.

From its start on only the fallen language is walked: of the others the rules know what was usual, and a drill of a week from
28 starts takes seconds, not minutes.
"""

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from math import ceil, inf
from typing import Any, NamedTuple

from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import ALL
from agent.alerting.minutes import DAY, HOUR, minute_at
from agent.backtest.days import Day, Filtered, Minutes, Remembered, Seen, Span, days, walk
from agent.backtest.fault import Drop, Fault
from agent.backtest.trials import both, deployed, trials
from agent.progress import unseen

HORIZON = 7 * DAY  # how long a fall is waited for
STEP = 6 * HOUR
DAYS_KEPT = 9  # a trial lasts a week, the next one begins six hours later
PARTS = 3  # of a short history: what was usual, the starts, and the wait


class Plan(NamedTuple):
    """When the falls begin, and how long each is waited for."""

    starts: Sequence[int]
    horizon: int


def plan(known: Span) -> Plan | None:
    """A start each six hours over the last days that leave the wait; None of less than three days."""
    horizon = min(HORIZON, (known.end - known.first) // PARTS)
    return None if horizon < DAY else Plan(range(known.end - 2 * horizon, known.end - horizon, STEP), horizon)


class Delays(NamedTuple):
    """How long each start waited in minutes; infinite where nobody was told."""

    minutes: Sequence[float]
    horizon: int

    def quantile(self, share: float) -> float | None:
        """After how long this share of all was told; None where it was not."""
        delay = sorted(self.minutes)[max(ceil(share * len(self.minutes)), 1) - 1]
        return None if delay == inf else delay

    def document(self) -> dict[str, Any]:
        """The figures as JSON has them."""
        told = sum(delay < inf for delay in self.minutes)
        delay = {"median": self.quantile(0.5), "p90": self.quantile(0.9)}
        return {"starts": len(self.minutes), "told": told, "delay_minutes": delay, "within_minutes": self.horizon}


def drill(new: Callable[[], Evaluator], minutes: Minutes, planned: Plan, drop: Drop, seen: Seen = unseen) -> dict[str, Delays]:
    """How soon the fall would be told: when it comes silently, and with a new index version."""
    alone = Remembered(Filtered(minutes, {"language": drop.language}), DAYS_KEPT)
    found: dict[str, list[float]] = {"silent": [], "deployment": []}
    for done, (start, evaluator) in enumerate(trials(new, minutes, planned.starts), 1):
        for name, delays in found.items():
            alter = both(Fault(drop), deployed) if name == "deployment" else Fault(drop)
            walked = days(alone, Span(start, start + planned.horizon), alter)
            delays.append(told_after(deepcopy(evaluator), walked, drop.language, start))
        seen(done, len(planned.starts))
    return {name: Delays(delays, planned.horizon) for name, delays in found.items()}


def told_after(evaluator: Evaluator, walked: Iterable[Day], language: str, start: int) -> float:
    """The minutes until the language's fall fires, alone or with all others; no further day is walked then."""
    for day in walked:
        for one in walk(evaluator, day):
            if one.class_ == "change" and one.language in {language, ALL} and one.fired_at:
                return minute_at(one.fired_at) - start
    return inf
