"""A run of the evaluator over simulated traffic, and what it told."""

from collections.abc import Sequence
from typing import NamedTuple

from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import ALL, Incident
from agent.alerting.load import load
from agent.alerting.measures import Quality, Thresholds
from agent.alerting.minutes import DAY, minute_at
from agent.alerting.rule import Rule
from agent.resources import rules_dir
from benchmarks.detection.traffic import MONDAY, Traffic

RULES = tuple(load(["default"], rules_dir()))
QUALITY = Quality(hit_threshold=Thresholds(default=0.35), floor=0.21)


class Message(NamedTuple):
    """What was told at the end of a minute, counted from MONDAY."""

    minute: int
    incident: Incident

    @property
    def fires(self) -> bool:
        """Whether it is the first one of its incident."""
        return self.incident.state == "firing"

    @property
    def began(self) -> int | None:
        """When it is said to have begun."""
        return None if self.incident.began_at is None else minute_at(self.incident.began_at) - MONDAY


def warmed(traffic: Traffic, days: int, rules: Sequence[Rule] = RULES, quality: Quality = QUALITY) -> Evaluator:
    """An evaluator that knows the first days of a run."""
    evaluator = Evaluator(rules, quality)
    for day in range(days):
        evaluator.warm(traffic.rows(day))
    return evaluator


def told(traffic: Traffic, evaluator: Evaluator | None = None, first_day: int = 0) -> list[Message]:
    """Every message of a run from a day on, by day as the agent catches up; `evaluator` knows the days before."""
    evaluator = Evaluator(RULES, QUALITY) if evaluator is None else evaluator
    messages = []
    for day in range(first_day, -(-traffic.minutes // DAY)):
        last = min((day + 1) * DAY, traffic.minutes) - 1
        walked = evaluator.walk(traffic.rows(day), MONDAY + day * DAY, MONDAY + last)
        moved = [Message(minute - MONDAY, incident) for minute, found in walked for incident in found]
        messages += [one for one in moved if not evaluator.is_told_at_first_look(one.incident)]
    return messages


def alarms(messages: Sequence[Message], language: str | None = None, first: int = 0) -> list[Message]:
    """The messages that something fires, of one language (or the incident of all) or of every one, from a minute on."""
    return [
        one
        for one in messages
        if one.fires and one.minute >= first and (language is None or one.incident.language in {language, ALL})
    ]
