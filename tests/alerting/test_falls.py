"""What is a fall of a language, and what only looks like one; what a person does with it; what a restart keeps."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import msgspec
import pytest
from msgspec.structs import replace

from agent.alerting.action import AUTOMATIC, Action
from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import Confirmed, Incident
from agent.alerting.known import Known, State
from agent.alerting.measures import Quality, Thresholds
from agent.alerting.minutes import HOUR, end_of
from agent.alerting.rule import DropRule
from agent.alerting.sums import Minute
from agent.alerting.weighing import Weighing
from tests.alerting.traffic import DAY, QUALITY, RULES, START, evaluator, history, key, row, states, steady, walk

OLD, NEW = key(version="v41"), key(version="v42")
DROP = RULES[0]
assert isinstance(DROP, DropRule)
VERSION_ONLY = [replace(DROP, baselines=("version",))]
WEEKS = 14  # days
FALLEN = (100, 80)
WELL = (100, 90)


def changes(transitions: Sequence[tuple[int, Incident]]) -> list[tuple[int, Incident]]:
    """Falls only, no levels."""
    return [(minute, incident) for minute, incident in transitions if incident.class_ == "change"]


def two(at: int, easy: int, hard: int, rates: tuple[float, float] = (0.95, 0.70)) -> list[Minute]:
    """So many queries of an easy and of a hard collection."""
    counts = ((easy, round(easy * rates[0])), (hard, round(hard * rates[1])))
    return [row(at, key(version="v41", collection=name), *each) for name, each in zip(("easy", "hard"), counts, strict=True)]


def of_two_collections() -> Evaluator:
    """Nine of ten queries went to the easy one."""
    judge = Evaluator(RULES, QUALITY)
    judge.warm(each for hour in range(WEEKS * 24, 0, -1) for each in two(START - 60 * hour, 5400, 600))
    return judge


def test_a_language_that_moves_to_a_harder_collection_has_not_fallen() -> None:
    """All queries together go from 92.5 % to 72.5 %, each collection is what it was."""
    assert walk(of_two_collections(), [two(START + at, 20, 180) for at in range(400)]) == []


def test_a_fall_in_a_collection_is_found_while_the_mix_moves() -> None:
    """The twin: the hard collection falls by ten points."""
    found = walk(of_two_collections(), [two(START + at, 20, 180, (0.95, 0.60)) for at in range(60)])
    assert [incident.state for _, incident in found] == ["firing"]
    assert found[0][1].drop == pytest.approx(0.09, abs=0.002)
    assert found[0][1].baseline == pytest.approx(0.725, abs=0.001)


def scored(minutes: Sequence[list[Minute]], mean: float, spread: float = 0.1) -> list[list[Minute]]:
    """The same with these scores."""
    total, squares = round(mean * 10**6), round((mean**2 + spread**2) * 10**6)
    return [[each._replace(score_sum=each.scored * total, score_sq=each.scored * squares) for each in rows] for rows in minutes]


@pytest.mark.parametrize(("floor", "fallen"), [(0.37, True), (0.07, False), (None, False)])
def test_similarities_fall_in_units_of_what_lies_above_noise(floor: float | None, fallen: bool) -> None:  # noqa: FBT001 - a table
    """Two points of .47: a fifth of the way to a floor of .37, a twentieth of that to .07; without a floor three points count."""
    quality = Quality(floor=floor, reference=("de",))
    (past,) = scored([history(days=WEEKS, keys=[OLD])], 0.47)
    judge = Evaluator([DROP], quality)
    judge.warm(past)
    assert bool(walk(judge, scored(steady(WELL, 60, OLD), 0.45))) == fallen


def test_labels_refute_scores_of_the_same_window() -> None:
    """Hits fall ten points, labels say that retrieval did not; without labels it is told."""
    usual = history((6000, 5400, 2000, 1800), keys=[OLD], days=WEEKS)
    assert walk(evaluator(usual), steady((1000, 800, 300, 270), 400, OLD)) == []
    assert len(walk(evaluator(usual), steady((1000, 800, 0, 0), 60, OLD))) == 1


def test_queries_without_results_confirm() -> None:
    """One in ten finds nothing any more, and the scores say so too."""
    judge = evaluator(history(keys=[OLD], days=WEEKS))
    minutes = [[each._replace(zero_results=10) for each in rows] for rows in steady(FALLEN, 30, OLD)]
    ((_, incident),) = walk(judge, minutes)
    assert (incident.confirmed, incident.metric) == ("yes", "hit_rate")
    ((_, incident),) = walk(evaluator(history(keys=[OLD], days=WEEKS)), steady(FALLEN, 30, OLD))
    assert incident.confirmed == "unconfirmed"


def side_by_side(old: tuple[int, int], new: tuple[int, int], minutes: int = 90) -> list[tuple[int, Incident]]:
    """Both versions in every minute, judged by the version rule alone."""
    judge = Evaluator(VERSION_ONLY, QUALITY)
    judge.warm(history(days=WEEKS))
    return walk(judge, [[row(START + at, OLD, *old), row(START + at, NEW, *new)] for at in range(minutes)])


def test_versions_that_fall_together_are_no_fall_of_the_new_one() -> None:
    """Something else broke both."""
    assert side_by_side((100, 80), (100, 80)) == []


def test_a_canary_that_falls_is_compared_with_the_same_minutes() -> None:
    """The old version goes on as it was."""
    ((_, incident),) = side_by_side((100, 90), (100, 80))
    workings = incident.evidence[0].workings
    assert workings is not None
    assert (workings.baseline, workings.tau) == ("canary", 0.0)
    assert workings.expected == pytest.approx(0.9)
    assert incident.cause == "deployment"


def test_versions_that_fall_together_blame_none_of_them_where_few_are_left_on_the_old_one() -> None:
    """Three of ten."""
    assert side_by_side((60, 48), (140, 112)) == []


def test_without_a_past_a_weak_comparison_is_better_than_none() -> None:
    """A service in its first hours, one in ten on the old version, and the new one is far worse."""
    judge = evaluator([row(START - at, OLD, 100, 90) for at in range(60, 0, -1)])
    minutes = [[row(START + at, OLD, 10, 9), row(START + at, NEW, 90, 45)] for at in range(60)]
    ((_, incident),) = walk(judge, minutes)
    assert incident.cause == "deployment"


def test_queries_without_results_confirm_the_fall_of_a_deployment() -> None:
    """The same as without one, although no window is as long as the time since the deployment."""
    minutes = [
        [each._replace(zero_results=20) for each in rows]
        for rows in steady((100, 88), 10) + steady((100, 70), 20, first=START + 10)
    ]
    told = walk(evaluator(history(keys=[OLD], days=WEEKS)), minutes)
    assert {(one.confirmed, one.metric) for _, one in told} == {("yes", "hit_rate")}


def test_what_a_roll_out_leaves_behind_is_no_comparison() -> None:
    """Sixty queries on the old version in the minute of the deployment say little beside a thousand on the new one."""
    judge = evaluator(history(keys=[OLD]))
    minutes = steady(FALLEN, 15)
    minutes[0].append(row(START, OLD, 60, 54))
    ((_, incident),) = walk(judge, minutes)
    workings = incident.evidence[0].workings
    assert workings is not None
    assert (workings.baseline, incident.cause) == ("version", "deployment")


def fallen(minutes: int = 40) -> tuple[Evaluator, Incident]:
    """German fell ten points, and it is told."""
    judge = evaluator(history(keys=[OLD], days=WEEKS))
    ((_, incident),) = walk(judge, steady(FALLEN, minutes, OLD))
    return judge, incident


def done(incident: Incident, what: str, minute: int) -> Action:
    """A person's word at the end of a minute."""
    name, _, verdict = what.partition(" ")
    return msgspec.convert(
        {
            "fingerprint": incident.fingerprint,
            "began_at": incident.began_at,
            "action": name,
            "verdict": verdict or None,
            "at": end_of(START + minute) - timedelta(seconds=1),
        },
        Action,
    )


def again(known: Known, minutes: Sequence[list[Minute]]) -> Evaluator:
    """The next process."""
    made = Evaluator(RULES, QUALITY)
    made.take_over(known)
    made.warm([*history(keys=[OLD], days=WEEKS), *(each for rows in minutes for each in rows)])
    return made


def test_an_accepted_level_is_the_usual_one() -> None:
    """Resolved in that minute; the same level is no incident for two days, ten points below it are one."""
    judge, incident = fallen()
    judge.act([done(incident, "accept", 45)])
    found = walk(judge, steady(FALLEN, 3 * DAY - 40, OLD, START + 40), START + 40)
    assert states(found) == [(45, "resolved")]
    assert found[0][1].accepted_at is not None
    ((_, second),) = walk(judge, steady((100, 65), 60, OLD, START + 3 * DAY), START + 3 * DAY)
    hits = next(one.workings for one in second.evidence if one.metric == "hit_rate")
    assert hits is not None
    assert hits.expected == pytest.approx(0.8, abs=0.002)


def test_an_accepted_level_survives_a_restart() -> None:
    """Neither the days before nor the old reference are asked again by the next process."""
    judge, incident = fallen()
    judge.act([done(incident, "accept", 45)])
    first = steady(FALLEN, 40, OLD)
    rest = steady(FALLEN, DAY, OLD, START + 40)
    (over,) = (one for _, one in walk(judge, rest, START + 40))
    next_one = again(Known((incident, over), judge.references, judge.state), [*first, *rest])
    assert walk(next_one, steady(FALLEN, DAY, OLD, START + 40 + DAY), START + 40 + DAY) == []


def test_what_was_closed_as_false_is_quiet_until_it_has_recovered() -> None:
    """The same fall is not told again; after a good day the next one is."""
    judge, incident = fallen()
    judge.act([done(incident, "close false", 45)])
    found = walk(judge, steady(FALLEN, 600, OLD, START + 40), START + 40)
    assert [(minute, one.state, one.verdict) for minute, one in found] == [(45, "resolved", "false")]
    known = Known((incident, found[0][1]), judge.references, judge.state)
    for one in (judge, again(known, steady(FALLEN, 640, OLD))):
        assert walk(one, steady(WELL, DAY - 640, OLD, START + 640), START + 640) == []
        assert len(walk(one, steady((100, 60), 60, OLD, START + DAY), START + DAY)) == 1


def test_a_deployment_whose_fall_was_closed_is_watched_from_the_recovery_on_after_a_restart_too() -> None:
    """The sixteen bad hours between the verdict and the recovery are told by neither process."""
    judge, past = Evaluator(VERSION_ONLY, QUALITY), history(days=WEEKS)
    judge.warm(past)
    bad, good = steady(FALLEN, 1040), steady(WELL, 200, first=START + 1040)
    ((_, incident),) = walk(judge, bad[:40])
    judge.act([done(incident, "close real", 45)])
    ((_, closed),) = walk(judge, [*bad[40:], *good], START + 40)
    heir = Evaluator(VERSION_ONLY, QUALITY)
    heir.take_over(Known((incident, closed), judge.references, judge.state))
    heir.warm([*past, *(each for rows in (*bad, *good) for each in rows)])
    for one in (judge, heir):
        assert walk(one, steady(WELL, 100, first=START + 1240), START + 1240) == []


@pytest.mark.parametrize("begun", [False, True])
def test_the_time_of_a_mistake_is_usual_at_once_as_after_a_restart(begun: bool) -> None:  # noqa: FBT001 - two kinds
    """Closed as false on the next day: both processes compare the day after with all days, but for what was read otherwise."""
    judge, incident = fallen()
    if begun:
        judge.begin_anew(START)
    judge.act([done(incident, "close false", DAY + 45)])
    rest = steady(FALLEN, DAY + 60, OLD, START + 40)
    ((_, closed),) = walk(judge, rest, START + 40)
    heir = Evaluator(RULES, QUALITY)
    heir.take_over(Known((incident, closed), judge.references, judge.state))
    if begun:
        heir.begin_anew(START)
    heir.warm([*history(keys=[OLD], days=WEEKS), *(each for rows in (*steady(FALLEN, 40, OLD), *rest) for each in rows)])
    now = START + 100 + DAY
    heir.advance(now, [row(now, OLD, *FALLEN)])
    (hits,) = (series for series in judge._falls.soundings.grid.rows if series.measure == "hit_rate")
    usual = [one._falls.soundings.baseline(hits, now // DAY - 1, 0) for one in (judge, heir)]
    assert usual[0] == usual[1]
    assert usual[0] is not None
    assert usual[0].mean == pytest.approx(0.8 if begun else 0.893, abs=0.001)


@pytest.mark.parametrize(("verdict", "usual"), [("real", 0.9), ("expected", 0.876)])
def test_what_was_closed_as_real_is_not_usual_before_it_is_mended(verdict: str, usual: float) -> None:
    """Three days at 80 %, one well, and then a fall: compared with what was usual before; what was expected counts as usual."""
    judge, incident = fallen()
    judge.act([done(incident, f"close {verdict}", 45)])
    assert len(slowly(judge, START + 40, 3, (1_500, 1_200))) == 1
    assert slowly(judge, START + 40 + 3 * DAY, 1, (1_500, 1_350)) == []
    now = START + 40 + 4 * DAY
    ((_, second),) = walk(judge, steady((100, 70), 60, OLD, now), now)
    hits = next(one.workings for one in second.evidence if one.metric == "hit_rate")
    assert hits is not None
    assert hits.expected == pytest.approx(usual, abs=0.003)


def test_what_was_read_otherwise_before_is_compared_with_nothing() -> None:
    """Other thresholds, other allow-lists, other groups: half of the hits are gone, and nothing fell; a day later falls count."""
    judge = evaluator(history(keys=[OLD], days=WEEKS))
    judge.begin_anew(START)
    assert walk(judge, steady((100, 45), 2 * DAY, OLD)) == []
    assert len(walk(judge, steady((100, 20), 60, OLD, START + 2 * DAY), START + 2 * DAY)) == 1


def test_only_the_measures_that_are_read_otherwise_begin_anew() -> None:
    """Another threshold moves hits, not labels."""
    judge = evaluator(history((6000, 5400, 1200, 1080), keys=[OLD], days=WEEKS))
    judge.begin_anew(START, ["hit_rate", "similarity_mean"])
    ((_, incident),) = walk(judge, steady((100, 45, 20, 13), 40, OLD))
    assert {one.metric for one in incident.evidence} == {"recall_at_k"}


def test_a_model_with_other_scores_and_the_same_labels_has_not_fallen() -> None:
    """Scores go from .47 to .25, recall stays at 90 %."""
    judge = evaluator(history((6000, 5400, 1200, 1080), days=WEEKS))
    assert walk(judge, scored(steady((100, 10, 20, 18), 600, key(model="m2")), 0.25)) == []
    assert [change.new_model for change in judge.changes] == [True]


def quarters(first: int, days: int, counts: tuple[int, ...]) -> list[Minute]:
    """History by the quarter of an hour."""
    return [row(minute, OLD, *counts) for minute in range(first, first + days * DAY, 15)]


def slowly(judge: Evaluator, first: int, days: int, counts: tuple[int, ...]) -> list[tuple[int, Incident]]:
    """The transitions of some days with rows by the quarter of an hour, each with its minute counted from START."""
    walked = judge.walk(quarters(first, days, counts), first, first + days * DAY - 1)
    return [(minute - START, incident) for minute, told in walked for incident in told]


def long_fallen() -> tuple[Evaluator, Known]:
    """German fell ten points, and after a restart on the day before the fourteenth nobody has done anything."""
    before, incident = fallen()
    past = quarters(START + 40, 13, (1_500, 1_200))
    judge = again(Known((incident,), before.references, before.state), [*steady(FALLEN, 40, OLD), past])
    ((_, over),) = slowly(judge, START + 40 + 13 * DAY, 2, (1_500, 1_200))
    assert incident.fired_at is not None
    assert (over.resolved_at, over.state) == (incident.fired_at + timedelta(days=14), "resolved")
    return judge, Known((over,), before.references, judge.state)


def test_after_fourteen_days_a_fall_is_no_page_any_more() -> None:
    """The level it fell to counts as usual, the fixed reference says nothing of it for a day; what falls further is told."""
    judge, left = long_fallen()
    (over,) = left.incidents
    assert (over.handled_by, over.verdict) == (AUTOMATIC, None)
    assert "its fixed reference stays" in over.summary
    now = START + 40 + 15 * DAY
    ((_, further),) = walk(judge, steady((100, 70), 60, OLD, now), now)
    hits = next(one.workings for one in further.evidence if one.metric == "hit_rate")
    assert hits is not None
    assert hits.expected == pytest.approx(0.8, abs=0.002)
    assert hits.n_baseline > 1_000  # fourteen days on the new level are usual at once


def test_who_recovers_after_that_is_held_to_its_reference_again() -> None:
    """A restart, a good day, and a fall that is hardly one beside the days before: its fixed reference tells."""
    _, left = long_fallen()
    now = START + 40 + 15 * DAY
    past = [*steady(FALLEN, 40, OLD), quarters(START + 40, 15, (1_500, 1_200))]
    judge = again(left, past)
    assert slowly(judge, now, 1, (1_500, 1_350)) == []
    fell = slowly(judge, now + DAY, 2, (1_500, 1_155))
    assert [one.state for _, one in fell] == ["firing"]
    fixed = [one.workings for one in judge.incidents[-1].evidence if one.workings and one.workings.baseline == "reference"]
    assert fixed
    assert fixed[0].expected == pytest.approx(0.9, abs=0.002)


def test_another_threshold_is_another_reference() -> None:
    """References of other hits are not taken over."""
    judge = Evaluator(RULES, QUALITY)
    judge.warm(history(keys=[OLD], days=WEEKS + 1))
    judge.advance(START, [])
    learned = {one.measure: one for one in judge.references}
    assert learned["hit_rate"].mean == pytest.approx(0.9)
    other = Evaluator(RULES, Quality(hit_threshold=Thresholds(default=0.1)))
    other.take_over(Known((), judge.references))
    assert {one.measure for one in other._falls.soundings.references.all} == {"has_results", "similarity_mean"}


@pytest.mark.parametrize("with_labels", [False, True])
def test_a_restart_at_any_time_changes_nothing(with_labels: bool) -> None:  # noqa: FBT001 - two kinds
    """State through JSON, older days by the quarter, the last four by the minute: the same transitions at each stage."""
    labels = (20, 18) if with_labels else ()
    past = quarters(START - WEEKS * DAY, WEEKS - 3, (1500, 1350, 300, 270))
    near = [row(START - 3 * DAY + at, OLD, 100, 90, 20, 18) for at in range(3 * DAY)]
    minutes = [*steady((100, 90, *labels), 30), *steady((100, 75, *((20, 15) if labels else ())), 120, first=START + 30)]
    minutes += steady((100, 90, *labels), 250, OLD, START + 150)
    whole = Evaluator(RULES, QUALITY)
    whole.warm([*past, *near])
    told: list[tuple[int, Incident]] = []
    kept: list[tuple[int, bytes]] = []
    for at, end in pairwise((0, 33, 100, 250, len(minutes))):  # nothing yet, pending, firing, recovering
        kept.append((at, msgspec.json.encode(whole.state)))
        told += walk(whole, minutes[at:end], START + at)
    assert [state for _, state in states(told)] == ["firing", "resolved"]
    for at, state in kept:
        known = tuple(incident for minute, incident in told if minute < at)
        judge = Evaluator(RULES, QUALITY)
        judge.take_over(Known(known, whole.references, msgspec.json.decode(state, type=State)))
        judge.warm([*past, *near, *(each for rows in minutes[:at] for each in rows)])
        assert walk(judge, minutes[at:], START + at) == [one for one in told if one[0] >= at], at


def asked(incident: Incident, confirmed: Confirmed, minute: int) -> Weighing:
    """What a golden run says at the end of a minute."""
    said = "Not confirmed: recall@10 −0.2 (−1.4 to 1.0)." if confirmed == "no" else "Confirmed: recall@10 −9.8 (6.0 to 13.6)."
    at = end_of(START + minute)
    return Weighing(incident.fingerprint, incident.began_at, at, confirmed, "golden:support", "recall@10", 0.098, 400, said)


@pytest.mark.parametrize("confirmed", ["yes", "no"])
def test_a_golden_run_weighs_what_scores_alone_have_said(confirmed: Confirmed) -> None:
    """It is told in its minute, stays so while scores stay low, and is what the end and the next process know."""
    judge, incident = fallen()
    assert incident.confirmed == "unconfirmed"
    judge.weigh([asked(incident, confirmed, 45)])
    ((minute, told),) = walk(judge, steady(FALLEN, 60, OLD, START + 40), START + 40)
    assert (minute, told.state, told.confirmed, told.fired_at) == (45, "firing", confirmed, incident.fired_at)
    assert [one.confirmed for one in judge.incidents] == [confirmed]
    left = again(Known((incident, told), judge.references, judge.state), steady(FALLEN, 100, OLD))
    ((_, over),) = walk(left, steady((100, 90), 3 * HOUR, OLD, START + 100), START + 100)
    assert (over.state, over.confirmed) == ("resolved", confirmed)


def test_more_scores_do_not_unsay_a_golden_run() -> None:
    """Labels alone can change what it has said."""
    judge, incident = fallen()
    judge.weigh([asked(incident, "no", 45)])
    walk(judge, steady(FALLEN, 10, OLD, START + 40), START + 40)
    worse = steady((100, 20), 120, OLD, START + 50)
    assert [one.confirmed for _, one in walk(judge, worse, START + 50)] == []
    assert [one.confirmed for one in judge.incidents] == ["no"]
