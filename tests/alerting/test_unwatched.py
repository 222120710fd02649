"""What fires under a rule that an edit removed, renamed or turned elsewhere: it ends and says why, and nothing else does."""

from typing import Any

import pytest
from msgspec.structs import replace

from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import ALL, Incident
from agent.alerting.known import Known, State
from agent.alerting.lifecycle import Standing
from agent.alerting.minutes import end_of
from agent.alerting.rule import Condition, DropRule, GapRule, LagRule, LowRule, Rule, ShareRule, VanishedRule
from agent.alerting.summary import RARE
from agent.alerting.triage.grouping import Group
from agent.alerting.unwatched import Reason, decide, ended
from tests.alerting.traffic import QUALITY, RULES, START, evaluator, history, key, row, steady, walk
from tests.notify.examples import NOW, incident

DROP, GAP, LOW = DropRule(name="drop"), GapRule(name="gap"), LowRule(name="low")
NOT_KOREAN = (Condition("language", ("ko",), negated=True),)
SHOP = (Condition("service", ("shop",)),)
KB = (Condition("collection", ("kb-en",)),)


def level(**given: Any) -> Incident:
    """A language that is low."""
    return incident(**{"class_": "level", "rule": "low", "metric": "similarity_mean", "evidence": (), **given})


def share(**given: Any) -> Incident:
    """A rise of und."""
    return incident(**{"rule": "und", "metric": "und", "evidence": (), **given})


@pytest.mark.parametrize(
    ("one", "rules", "reason"),
    [
        (incident(), [DROP], Reason.WATCHED),
        (incident(), [DropRule(name="another")], Reason.WATCHED),  # whoever reads its measures sees it recover
        (incident(), [DropRule(name="drop", measures=("similarity_mean",))], Reason.WATCHED),  # a part of its evidence
        (incident(), [DropRule(name="drop", measures=("recall_at_k",))], Reason.LEFT_OUT),
        (incident(), [DropRule(name="drop", where=NOT_KOREAN)], Reason.LEFT_OUT),
        (incident(), [DropRule(name="drop", where=SHOP)], Reason.LEFT_OUT),
        (incident(), [DropRule(name="drop", where=KB)], Reason.WATCHED),  # which collection fell is one answer of several
        (incident(), [GAP, LOW], Reason.REMOVED),
        (incident(), [], Reason.REMOVED),
        (incident(language=ALL), [DropRule(name="drop", where=NOT_KOREAN)], Reason.WATCHED),
        (share(), [ShareRule(name="und", of="und")], Reason.WATCHED),
        (share(), [ShareRule(name="und", of="mixed"), DROP], Reason.LEFT_OUT),
        (level(), [LOW], Reason.WATCHED),
        (level(), [GAP, LowRule(name="lower")], Reason.REMOVED),  # a level is ended by the very rule that leads it
        (level(), [LowRule(name="low", where=NOT_KOREAN)], Reason.LEFT_OUT),
        (level(language=RARE), [LowRule(name="low", where=(Condition("language", ("lo",)),))], Reason.WATCHED),
        (incident(class_="volume", rule="gone"), [VanishedRule(name="away")], Reason.WATCHED),
        (incident(class_="volume", rule="gone"), [DROP], Reason.REMOVED),
        (incident(class_="monitor", rule="lag"), [], Reason.WATCHED),
    ],
)
def test_whether_any_rule_can_end_it(one: Incident, rules: list[Rule], reason: Reason) -> None:
    """By class, measures and place."""
    assert decide(one, rules) is reason


def test_the_end_says_why() -> None:
    """And is the end of what fires only."""
    over = ended(incident(), [LagRule(name="lag")], NOW)
    assert over is not None
    assert (over.state, over.resolved_at) == ("resolved", NOW)
    assert over.summary == "Korean: no longer watched: its rule drop was removed."
    turned = ended(incident(), [DropRule(name="drop", where=NOT_KOREAN)], NOW)
    assert turned is not None
    assert turned.summary == "Korean: no longer watched: its rule drop leaves it out now."
    assert ended(incident(), [DROP], NOW) is None
    assert ended(incident(state="pending"), [], NOW) is None


FALLEN = (10, 5, 0, 0)


def left() -> tuple[Incident, State]:
    """A fall that fires, and the state of who saw it."""
    before = evaluator(history())
    told = walk(before, steady(FALLEN, 20))
    assert [one.state for _, one in told] == ["firing"]
    return told[0][1], before.state


def resumed(rules: list[Rule], known: Known) -> Evaluator:
    """The next process, with other rules."""
    judge = Evaluator(rules, QUALITY)
    judge.take_over(known)
    judge.warm([*history(), *(row(START + at, key(), *FALLEN) for at in range(20))])
    return judge


def test_what_nothing_watches_ends_at_the_first_minute() -> None:
    """Once; its time is no baseline, as that of any other, and after a restart it stays over."""
    fire, state = left()
    judge = resumed([], Known((fire,), (), state))
    ((minute, over),) = walk(judge, steady(FALLEN, 5, first=START + 20), START + 20)
    assert (minute, over.state, over.fingerprint) == (20, "resolved", fire.fingerprint)
    assert over.summary == "German: no longer watched: its rule drop was removed."
    again = resumed([], Known((fire, over), (), judge.state))
    assert walk(again, steady(FALLEN, 5, first=START + 25), START + 25) == []


def test_what_is_still_watched_goes_on() -> None:
    """Under the same rules, and under one that was only renamed: a fall is known by its measure."""
    fire, state = left()
    renamed = [replace(rule, name="fall") if isinstance(rule, DropRule) else rule for rule in RULES]
    for rules in (list(RULES), renamed):
        judge = resumed(rules, Known((fire,), (), state))
        assert walk(judge, steady(FALLEN, 5, first=START + 20), START + 20) == []
        assert [one.state for one in judge.incidents] == ["firing"]


def test_what_is_pending_under_a_removed_rule_was_nothing() -> None:
    """It leaves no trace."""
    pending = level(language="de", service="help", environment="prod", state="pending")
    judge = resumed([], Known((), (), State(standings=(Standing(pending),))))
    assert walk(judge, steady(FALLEN, 2, first=START + 20), START + 20) == []
    assert judge.incidents == ()


def test_an_alert_of_all_languages_takes_its_own_along() -> None:
    """One message, not one for each language that nobody was told of."""
    fell = [incident(fingerprint=name, language=name, began_at=end_of(START), fired_at=end_of(START + 5)) for name in ("de", "ko")]
    fleet = replace(fell[0], fingerprint="all", language=ALL, cause="fleet")
    state = State(standings=tuple(map(Standing, fell)), groups=(Group(fleet=fleet, members=tuple(fell)),))
    judge = resumed([], Known((fleet,), (), state))
    told = walk(judge, steady(FALLEN, 3, first=START + 20), START + 20)
    assert [(minute, one.language, one.state) for minute, one in told] == [(20, ALL, "resolved")]
    assert [one for one in judge.incidents if one.state != "resolved"] == []
