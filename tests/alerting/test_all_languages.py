"""The evaluator and the incident of all languages: what people do with it, and what it leaves behind."""

from msgspec.structs import replace

from agent.alerting.action import Action
from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import ALL, Incident, fingerprint
from agent.alerting.known import Known, State
from agent.alerting.lifecycle import Standing
from agent.alerting.minutes import end_of, start_of
from agent.alerting.sums import Minute
from agent.alerting.triage.grouping import Group
from tests.alerting.traffic import QUALITY, RULES, START, evaluator, history, key, row, walk
from tests.notify.examples import KOREAN


def fall(language: str) -> Incident:
    """One that fires."""
    times = {"began_at": start_of(START - 20), "fired_at": end_of(START - 10), "resolved_at": None}
    name = fingerprint(KOREAN.service, KOREAN.environment, language, "change")
    return replace(KOREAN, fingerprint=name, language=language, state="firing", **times)


FLEET, MEMBERS = fall(ALL), (fall("de"), fall("ko"))


def during() -> Evaluator:
    """While all languages are down, as an earlier process left it."""
    made = Evaluator(RULES, QUALITY)
    state = State(standings=tuple(map(Standing, MEMBERS)), groups=(Group(fleet=FLEET, members=MEMBERS),))
    made.take_over(Known((FLEET,), state=state))
    return made


def test_what_a_person_does_with_all_languages_ends_each_of_them() -> None:
    """One transition is told; the languages end silently and are remembered for the next process."""
    judge = during()
    judge.act([Action(FLEET.fingerprint, FLEET.began_at, "close", start_of(START), verdict="real")])
    (over,) = judge.advance(START, [])
    assert (over.language, over.state, over.verdict) == (ALL, "resolved", "real")
    assert not judge.state.standings
    assert not judge.state.groups
    assert [(one.language, one.state, one.verdict) for one in judge.state.silent] == [
        ("de", "resolved", "real"),
        ("ko", "resolved", "real"),
    ]


def test_what_was_found_out_stays_with_the_incident() -> None:
    """Of all languages and of one; a fall of five points and more after a deployment is critical once that is known."""
    judge = during()
    assert judge.advance(START, []) == []
    for one in (FLEET, MEMBERS[1]):
        judge.explained(
            replace(one, cause="deployment", confirmed="yes", drop=0.07, severity="warning", rule="drop", advice="Roll back")
        )
    (group,) = judge.state.groups
    korean = next(one.incident for one in judge.state.standings if one.incident.language == "ko")
    assert group.fleet is not None
    assert (korean.cause, korean.severity, korean.advice) == ("deployment", "critical", "Roll back")
    assert (group.fleet.advice, group.fleet.severity) == ("Roll back", "critical")


def test_languages_that_are_low_from_the_first_day_do_not_make_a_fall_that_of_all() -> None:
    """Four of seven languages lie far below the others and fire for that; then German alone falls, and it is German's alert."""
    low, well = ("ko", "th", "hi", "ar"), ("en", "de", "fr")
    past = history((1200, 1080, 1200, 1080), [key(tag, "v41") for tag in well])
    past += history((600, 540, 600, 120), [key(tag, "v41") for tag in low])
    judge = evaluator(sorted(past, key=lambda one: one.minute))

    def minute(at: int) -> list[Minute]:
        fallen = 10 if at >= 90 else 18
        rows = [row(START + at, key(tag, "v41"), 20, 18, 20, fallen if tag == "de" else 18) for tag in well]
        return rows + [row(START + at, key(tag, "v41"), 10, 9, 10, 2) for tag in low]

    told = [incident for _, incident in walk(judge, [minute(at) for at in range(240)])]
    assert {incident.language for incident in told if incident.class_ == "level"} == set(low)
    assert [incident.language for incident in told if incident.class_ == "change"] == ["de"]
