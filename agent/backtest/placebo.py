"""Deployments that never were, on history as it is: how often the rules cry wolf after one.

Every three days and five hours, so that all hours of the day have their turn, a new index version is made to begin; the
incidents of the following 72 hours are counted, whatever compares them. History is taken for sound: a fall that truly
happened then is counted too.
"""

from collections.abc import Callable

from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import Incident
from agent.alerting.minutes import DAY, HOUR
from agent.backtest.days import Minutes, Seen, Span, days, walk
from agent.backtest.outcome import Languages, Outcome, fired
from agent.backtest.trials import deployed, trials
from agent.progress import unseen

WATCHED = 3 * DAY
STEP = WATCHED + 5 * HOUR
HISTORY = 7 * DAY  # before the first of them
RANGE = 28 * DAY


def moments(span: Span, known: Span) -> list[int]:
    """When the deployments begin: each has its 72 hours within the span, and a week of history."""
    return list(range(max(span.first, known.first + HISTORY), span.end - WATCHED + 1, STEP))


def placebo(new: Callable[[], Evaluator], minutes: Minutes, starts: list[int], seen: Seen = unseen) -> Outcome:
    """Watch each of them as if it were true."""
    incidents: list[Incident] = []
    languages, notifications = Languages(), 0
    for done, (start, evaluator) in enumerate(trials(new, minutes, starts), 1):
        for day in days(minutes, Span(start, start + WATCHED), deployed):
            languages.add_all(row.key.language for row in day.rows)
            notifications += sum(map(is_change, walk(evaluator, day)))
        incidents += fired(evaluator, is_change)
        seen(done, len(starts))
    return Outcome(incidents, WATCHED * len(starts), len(languages), notifications)


def is_change(incident: Incident) -> bool:
    """Whether it says that something got worse: what is always low has nothing to do with a deployment."""
    return incident.class_ == "change"
