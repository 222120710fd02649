"""The gap rule, window by window, and beside the low rule."""

from collections.abc import Mapping

import pytest

from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import Incident
from agent.alerting.measures import Quality
from agent.alerting.minutes import end_of, start_of
from agent.alerting.rule import Condition, GapRule, LowRule
from agent.alerting.sums import Minute
from tests.alerting.test_levels import scores
from tests.alerting.traffic import MICRO, START, key

REAL = (Condition("language", ("und", "mul", "__other__"), negated=True),)
GAP = GapRule(name="gap", where=REAL)
LOW = LowRule(name="low", where=REAL)
QUALITY = Quality(floor=0.21, reference=("en",))

Labels = tuple[int, int]


def labelled(minute: int, language: str, counts: Labels, score: float = 0.57) -> Minute:
    """Labelled queries of a minute, hits among them, all with this best score."""
    n, hits = counts
    return scores(minute, key(language), [score] * n)._replace(labelled=n, recall_sum=hits * MICRO, recall_sq=hits * MICRO)


def walk(judge: Evaluator, said: Mapping[str, Labels], span: range, score: float = 0.57) -> list[tuple[int, Incident]]:
    """The same labels every minute; English has 9 of 10, or what is said."""
    told = []
    for at in span:
        english = {} if "en" in said else {"en": (10, 9)}
        rows = [labelled(START + at, name, counts, 0.57 if name == "en" else score) for name, counts in {**english, **said}.items()]
        told += [(at, incident) for incident in judge.advance(START + at, rows)]
    return told


def short(told: list[tuple[int, Incident]]) -> list[tuple[int, str, str, str]]:
    """When, whose, what, and whether it is confirmed."""
    return [(at, one.language, one.state, one.confirmed) for at, one in told]


def test_the_only_reference_is_not_compared_with_itself() -> None:
    """English falls from what it was: a fall, and no gap between languages."""
    assert walk(Evaluator([GAP], QUALITY), {"en": (10, 9)}, range(600)) == []
    judge = Evaluator([GAP], QUALITY)
    walk(judge, {"en": (10, 9)}, range(600))
    assert walk(judge, {"en": (10, 3)}, range(600, 700)) == []


def test_three_windows_far_below_fire() -> None:
    """Four labels a minute, one of them a hit: windows of 15 minutes with 60."""
    ((minute, incident),) = walk(Evaluator([GAP], QUALITY), {"ar": (4, 1)}, range(60))
    assert minute == 44
    assert (incident.class_, incident.severity, incident.cause, incident.confirmed) == ("level", "info", "low_resource", "yes")
    assert (incident.began_at, incident.pending_since, incident.fired_at) == (
        start_of(START),
        end_of(START + 14),
        end_of(START + 44),
    )
    assert (incident.rule, incident.metric, incident.n, incident.scale_minutes) == ("gap", "recall_at_k", 180, 45)
    assert incident.drop == pytest.approx(0.65)
    assert incident.summary == (
        "Arabic recall@10 lies 65.0 points (95 % CI 56.5 to 73.5) below the reference (English):"
        " 25.0 % in the last 45 min (180 labelled queries) against 90.0 % (450)."
    )


@pytest.mark.parametrize(("counts", "first"), [((1, 0), 149), ((10, 0), 44)])
def test_windows_fill_until_there_are_fifty_labels_and_fifteen_minutes(counts: Labels, first: int) -> None:
    """One label a minute: windows of 50 minutes."""
    assert short(walk(Evaluator([GAP], QUALITY), {"ar": counts}, range(200)))[0][0] == first


@pytest.mark.parametrize("counts", [(4, 3), (10, 7)])
def test_a_smaller_gap_or_one_that_is_not_sure_says_nothing(counts: Labels) -> None:
    """15 points; 20 points."""
    assert walk(Evaluator([GAP], QUALITY), {"de": counts}, range(300)) == []


def test_it_ends_after_three_windows_that_surely_are_near() -> None:
    """What is neither far below nor near ends nothing, and neither does silence."""
    judge = Evaluator([GAP], QUALITY)
    told = walk(judge, {"ar": (4, 1)}, range(45))
    told += walk(judge, {"ar": (4, 3)}, range(45, 120))
    told += walk(judge, {}, range(120, 300))
    told += walk(judge, {"ar": (10, 9)}, range(300, 400))
    assert [(at, one.state) for at, one in told] == [(44, "firing"), (344, "resolved")]
    assert told[1][1].summary == (
        "Arabic recall@10 is no longer far below the reference (English): 90.0 % in the last 15 min (150 labelled"
        " queries) against 90.0 % (3,450)."
    )


def test_where_all_languages_are_asked_alike_the_reference_is_the_best_of_them() -> None:
    """Whoever has a label more at the moment: a language that is low is not measured by others that are."""
    counts = {"en": (10, 9), "de": (10, 8), "es": (10, 8), "th": (11, 1), "hi": (11, 1), "ru": (11, 1)}
    told = walk(Evaluator([GAP], Quality()), counts, range(60))
    assert short(told) == [(44, language, "firing", "yes") for language in ("hi", "ru", "th")]
    assert "(English, German, Spanish)" in told[0][1].summary


def test_without_a_named_reference_it_is_the_median_of_the_three_with_most_labels() -> None:
    """One bad language among the three does not make the reference bad, and is seen itself."""
    told = walk(Evaluator([GAP], Quality()), {"en": (10, 9), "de": (9, 8), "ar": (8, 1), "lo": (4, 0)}, range(60))
    assert short(told) == [(44, "ar", "firing", "yes"), (44, "lo", "firing", "yes")]


def test_labels_that_are_no_single_language_are_neither_judged_nor_reference() -> None:
    """Undetermined queries with the most labels."""
    told = walk(Evaluator([GAP], Quality()), {"und": (50, 0), "en": (10, 9), "de": (9, 8), "fr": (9, 8)}, range(60))
    assert told == []


def test_a_gap_and_low_scores_are_one_incident() -> None:
    """Both see three bad windows in the same minutes: told once, at the third, with labels first."""
    judge = Evaluator([LOW, GAP], QUALITY)
    told = walk(judge, {"lo": (4, 0)}, range(120), score=0.03)
    assert short(told) == [(44, "lo", "firing", "yes")]
    (incident,) = judge.incidents
    assert [one.rule for one in incident.evidence] == ["gap", "low"]
    assert (incident.rule, incident.metric) == ("gap", "recall_at_k")


def test_labels_that_join_take_the_lead() -> None:
    """Low by scores; labels come later and confirm it. Then labels alone end it."""
    judge = Evaluator([LOW, GAP], QUALITY)
    told = []
    for at in range(60):
        rows = [labelled(START + at, "en", (10, 9)), scores(START + at, key("lo"), [0.03] * 4)]
        told += [(at, incident) for incident in judge.advance(START + at, rows)]
    assert short(told) == [(44, "lo", "firing", "unconfirmed")]
    assert walk(judge, {"lo": (4, 0)}, range(60, 120), score=0.03) == []
    assert [(one.confirmed, one.rule) for one in judge.incidents] == [("yes", "gap")]
    assert short(walk(judge, {"lo": (10, 9)}, range(120, 240), score=0.03)) == [(164, "lo", "resolved", "yes")]


def test_low_scores_of_a_language_whose_labels_are_near_are_not_told() -> None:
    """The scores are like noise, and retrieval works."""
    assert walk(Evaluator([LOW, GAP], QUALITY), {"ru": (10, 9)}, range(120), score=0.03) == []


def test_low_scores_that_labels_refute_later_are_closed_as_not_confirmed() -> None:
    """Three windows later."""
    judge = Evaluator([LOW, GAP], QUALITY)
    told = []
    for at in range(45):
        rows = [labelled(START + at, "en", (10, 9)), scores(START + at, key("ru"), [0.03] * 4)]
        told += [(at, incident) for incident in judge.advance(START + at, rows)]
    told += walk(judge, {"ru": (10, 9)}, range(45, 120), score=0.03)
    assert short(told) == [(44, "ru", "firing", "unconfirmed"), (89, "ru", "resolved", "no")]
    assert "recall@10 is not far below the others: 90.0 %" in told[1][1].summary


def test_labels_that_do_not_decide_leave_scores_unconfirmed() -> None:
    """Too few labels for a window."""
    told = walk(Evaluator([LOW, GAP], QUALITY), {"en": (10, 9)}, range(1))
    judge = Evaluator([LOW, GAP], QUALITY)
    for at in range(60):
        rows = [labelled(START + at, "en", (10, 9)), scores(START + at, key("lo"), [0.03] * 4)]
        rows += [labelled(START + at, "lo", (1, 1), 0.03)] if at == 0 else []
        told += [(at, incident) for incident in judge.advance(START + at, rows)]
    assert short(told) == [(44, "lo", "firing", "unconfirmed")]
