"""A stretch of minutes walked at once tells what the same minutes tell one by one."""

from collections.abc import Iterable
from datetime import datetime

from agent.alerting.action import Action
from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import Incident, fingerprint
from agent.alerting.minutes import start_of
from agent.alerting.sums import Minute
from tests.alerting.traffic import START, evaluator, history, key, row

MINUTES = 30
GERMAN, FRENCH = key(), key(language="fr")
FRENCH_FALLS = 8
CLOSED = 14  # German fired before; French is in breach, and not yet for five minutes

Told = list[tuple[int, str, str]]


def _minute(at: int) -> list[Minute]:
    """German falls by 30 points at once, French five minutes later."""
    return [row(START + at, GERMAN, 100, 60), row(START + at, FRENCH, 100, 60 if at >= FRENCH_FALLS else 90)]


def _judge(began_at: datetime | None) -> Evaluator:
    """German is closed by hand."""
    judge = evaluator(history(keys=(GERMAN, FRENCH)))
    judge.act([Action(fingerprint("help", "prod", "de", "change"), began_at, "close", start_of(START + CLOSED), verdict="real")])
    return judge


def _one_by_one(judge: Evaluator) -> list[tuple[int, list[Incident]]]:
    return [(START + at, judge.advance(START + at, _minute(at))) for at in range(MINUTES)]


def _told(walked: Iterable[tuple[int, list[Incident]]]) -> Told:
    return [(minute - START, one.language, one.state) for minute, found in walked for one in found]


def test_what_a_person_ends_in_a_minute_hides_no_other_breach_of_that_minute() -> None:
    """One language is closed by hand while another is in breach and pending: that fires as it does minute by minute."""
    began_at = next(one.began_at for _, found in _one_by_one(_judge(None)) for one in found if one.language == "de")
    rows = [each for at in range(MINUTES) for each in _minute(at)]
    alone = _told(_one_by_one(_judge(began_at)))
    assert _told(_judge(began_at).walk(rows, START, START + MINUTES - 1)) == alone
    assert [(language, state) for _, language, state in alone] == [("de", "firing"), ("de", "resolved"), ("fr", "firing")]
