"""Minutes in, transitions out: the version rule from the first row to the end of an incident."""

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.alerting.evaluator import Evaluator
from agent.alerting.known import Known
from agent.alerting.measures import Quality
from agent.alerting.minutes import end_of, start_of
from agent.alerting.rule import DropRule
from agent.alerting.sums import Minute
from agent.alerting.triage.grouping import GROUP_WAIT
from agent.records import WindowKey
from tests.alerting.traffic import DAY, MONDAY, QUALITY, RULES, START, evaluator, history, key, row, states, steady, walk

FALLEN = (100, 80, 0, 0)  # 10 points below the history's 90 %
WELL = (100, 90, 0, 0)
OLD, NEW = key(version="v41"), key(version="v42")
DROP = RULES[0]
assert isinstance(DROP, DropRule)


def test_a_fall_after_a_deployment_fires_after_five_minutes_in_breach() -> None:
    """400 queries make 10 points sure: pending at the fourth, firing at the eighth, and told when it is known to be one language."""
    judge = evaluator(history())
    assert states(walk(judge, steady(FALLEN, 60))) == [(7 + GROUP_WAIT, "firing")]
    (incident,) = judge.incidents
    assert (incident.language, incident.service, incident.environment, incident.collection) == ("de", "help", "prod", "kb")
    assert (incident.class_, incident.cause, incident.rule, incident.metric) == ("change", "deployment", "drop", "hit_rate")
    assert (incident.began_at, incident.pending_since, incident.fired_at) == (start_of(START), end_of(START + 3), end_of(START + 7))
    assert (incident.embedding_model, incident.index_version) == ("m1", "v42")
    assert (incident.n, incident.scale_minutes) == (800, 8)
    assert incident.drop == pytest.approx(0.1)
    assert len(incident.fingerprint) == 16


def test_a_deployment_without_a_fall_is_noticed_and_nothing_else() -> None:
    """The twin of the test above."""
    judge = evaluator(history())
    assert walk(judge, steady(WELL, 60)) == []
    assert judge.incidents == ()
    assert [(change.index_version, change.at) for change in judge.changes] == [("v42", start_of(START))]


def test_a_fall_without_a_deployment_is_seen_beside_the_same_hours() -> None:
    """The same version, worse; five standard errors are asked for, as there are three days of history only."""
    judge = evaluator(history())
    ((_, incident),) = walk(judge, steady(FALLEN, 60, OLD))
    assert (incident.cause, incident.index_version, incident.began_at) == ("unknown", None, start_of(START))
    workings = incident.evidence[0].workings
    assert workings is not None
    assert (workings.baseline, workings.z_needed, incident.pending_since) == ("trailing", 5.0, end_of(START + 8))
    assert judge.changes == ()


def test_languages_are_judged_one_by_one() -> None:
    """German falls, Korean does not; what is no single language is not judged."""
    keys = [key(language, "v41") for language in ("de", "ko", "und")]
    judge = evaluator(history(keys=keys))
    minutes = [
        [row(START + at, key("de"), *FALLEN), row(START + at, key("ko"), *WELL), row(START + at, key("und"), *FALLEN)]
        for at in range(60)
    ]
    assert [incident.language for _, incident in walk(judge, minutes)] == ["de"]


def test_scores_alone_are_at_most_a_warning() -> None:
    """Unconfirmed, and the text says so; a higher share of queries below the threshold and a lower mean are one kind of evidence."""
    judge = evaluator(history())
    ((_, incident),) = walk(judge, steady((100, 60, 0, 0), 60))
    assert (incident.severity, incident.confirmed) == ("warning", "unconfirmed")
    assert "score signal, unconfirmed" in incident.summary
    assert {one.metric for one in incident.evidence} == {"hit_rate", "similarity_mean"}


def test_labels_confirm() -> None:
    """Labels measure the thing itself: they lead, and ten points with excess failures are critical."""
    judge = evaluator(history((6000, 5400, 3000, 2700)))
    ((_, incident),) = walk(judge, steady((100, 60, 50, 30), 20))
    assert (incident.confirmed, incident.severity, incident.metric) == ("yes", "critical", "recall_at_k")
    assert incident.evidence[0].metric == "recall_at_k"
    assert {one.metric for one in incident.evidence} == {"recall_at_k", "hit_rate", "similarity_mean"}
    assert incident.summary.startswith("German recall@10 fell 30.0 points (95 % CI ")


def test_labels_alone_are_enough() -> None:
    """Without a threshold and with scores that do not move."""
    judge = evaluator(history((6000, 5400, 3000, 2700)), Quality())
    ((_, incident),) = walk(judge, steady((100, 90, 50, 30), 20))
    assert (incident.confirmed, [one.metric for one in incident.evidence]) == ("yes", ["recall_at_k"])


def test_labels_refute_scores() -> None:
    """Everything is labelled and found as before: the scores changed, retrieval did not."""
    judge = evaluator(history((6000, 5400, 6000, 5400)))
    assert walk(judge, steady((200, 160, 200, 180), 300)) == []


def test_where_most_queries_are_labelled_labels_decide() -> None:
    """Scores fall before there are labels enough for a verdict: they wait for it; with few labels they are told at once."""
    usual = history((6000, 5400, 6000, 5400))
    assert walk(evaluator(usual), steady((10, 2, 10, 9), 60)) == []
    assert len(walk(evaluator(usual), steady((10, 2, 0, 0), 60))) == 1


def test_labels_that_have_nothing_to_compare_with_decide_nothing() -> None:
    """Labelling began with the deployment, or the rule does not read labels: scores are told, though every query is labelled."""
    assert len(walk(evaluator(history()), steady((100, 80, 100, 90), 60))) == 1
    judge = Evaluator([replace(RULES[0], measures=("hit_rate",))], QUALITY)
    judge.warm(history((6000, 5400, 6000, 5400)))
    assert len(walk(judge, steady((100, 80, 100, 90), 60))) == 1


@pytest.mark.parametrize("version", ["v41", "v42"])
def test_labels_of_another_share_of_the_queries_are_not_compared(version: str) -> None:
    """From half of the queries to a tenth, with or without a deployment: they neither alarm nor refute, and that is said."""
    usual = history((6000, 5400, 3000, 2700), days=14)
    judge = evaluator(usual)
    assert walk(judge, steady((100, 90, 10, 5), 300, key(version=version))) == []
    assert list(judge.not_comparable.values()) == ["the share of labelled queries went from 50.0 % to 10.0 %"]
    ((_, incident),) = walk(evaluator(usual), steady((100, 70, 10, 9), 60, key(version=version)))
    assert {one.metric for one in incident.evidence} == {"hit_rate", "similarity_mean"}


def test_an_open_incident_that_labels_refute_later_is_closed_as_not_confirmed() -> None:
    """Too few labels at first; once they suffice for 15 minutes it ends, and the scores alone do not open it again."""
    judge = evaluator(history((6000, 5400, 1200, 1080)))
    found = walk(judge, steady((100, 80, 20, 18), 600))
    assert [state for _, state in states(found)] == ["firing", "resolved"]
    assert found[1][1].confirmed == "no"
    assert "not confirmed" in found[1][1].summary


def test_another_model_is_another_scale() -> None:
    """Scores of two models are not compared: no incident, whatever they do; labels still are."""
    judge = evaluator(history((6000, 5400, 1200, 1080)))
    assert walk(judge, steady((100, 10, 20, 18), 60, key(model="m2"))) == []
    judge = evaluator(history((6000, 5400, 1200, 1080)))
    ((_, incident),) = walk(judge, steady((100, 10, 20, 10), 40, key(model="m2")))
    assert [one.metric for one in incident.evidence] == ["recall_at_k"]
    assert "since embedding model m2 (index version v42)" in incident.summary


def test_scores_beyond_one_have_no_mean_that_falls_in_points() -> None:
    """A fall of .03 says nothing of a score of 12."""
    old, new = key(version="v41", kind="dot"), key(kind="dot")

    def scaled(rows: list[Minute], score: int) -> list[Minute]:
        return [each._replace(score_sum=each.scored * score * 10**6, score_sq=each.scored * score**2 * 10**6) for each in rows]

    judge = evaluator(scaled(history(keys=[old]), 12), Quality())
    assert walk(judge, [scaled(rows, 5) for rows in steady(WELL, 60, new)]) == []


def test_too_few_queries_are_neither_good_nor_bad() -> None:
    """49 queries, all of them misses, and a language that has no history."""
    judge = evaluator(history())
    assert walk(judge, [*steady((49, 0, 0, 0), 1), *([[]] * 60)]) == []
    judge = evaluator(history())
    assert walk(judge, steady((100, 0, 0, 0), 60, key("ko"))) == []


def test_minutes_come_in_order_and_none_is_left_out() -> None:
    """A verdict on a gap would be one on missing data."""
    judge = evaluator(history())
    judge.advance(START, [])
    for minute in (START, START - 1, START + 2):
        with pytest.raises(ValueError, match="does not follow"):
            judge.advance(minute, [])
    with pytest.raises(ValueError, match="after"):
        judge.advance(START + 1, [row(START + 2, NEW, 1, 1)])
    with pytest.raises(ValueError, match="goes back"):
        judge.warm(history())


def traffic(seed: int) -> Iterator[list[Minute]]:
    """Two languages, two versions, one of them falling, in pieces of any size."""
    for at in range(40):
        rows = []
        for language, hits in (("de", 70 + (seed + at) % 7), ("ko", 90 - (seed * at) % 3)):
            for version, share in (("v41", 1), ("v42", 3)):
                rows += [row(START + at, key(language, version), 25, hits // 4 + piece % 2, 5, 3 + piece) for piece in range(share)]
        yield rows


COUNTS = ("events", "scored", "score_sum", "score_sq", "labelled", "recall_sum", "recall_sq")  # the others are 0


def merged(rows: list[Minute]) -> list[Minute]:
    """One row a key."""
    together: dict[WindowKey, Minute] = {}
    for each in rows:
        before = together.get(each.key)
        if before is None:
            together[each.key] = each
            continue
        histogram = {bin_: before.score_hist.get(bin_, 0) + each.score_hist.get(bin_, 0) for bin_ in (20, 50)}
        sums = {name: getattr(before, name) + getattr(each, name) for name in COUNTS}
        together[each.key] = before._replace(**sums, score_hist=histogram)
    return list(together.values())


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 100), st.randoms(use_true_random=False))
def test_neither_order_nor_grouping_of_rows_within_a_minute_matters(seed: int, chance: Random) -> None:
    """Shuffled pieces and merged rows give the same incidents to the last bit."""
    past = history(keys=[key("de", "v41"), key("ko", "v41")], counts=(6000, 5400, 1200, 1080))
    pieces, whole = evaluator(past), evaluator(past)
    shuffled = [chance.sample(rows, len(rows)) for rows in traffic(seed)]
    assert walk(pieces, shuffled) == walk(whole, [merged(rows) for rows in traffic(seed)])
    assert pieces.incidents == whole.incidents
    assert pieces.incidents


def restarted(minutes: list[list[Minute]], at: int, known: Known) -> Evaluator:
    """A new process that reads history, what had been told, and the state of the last one."""
    judge = Evaluator(RULES, QUALITY)
    judge.take_over(known)
    judge.warm([*history(), *(each for rows in minutes[:at] for each in rows)])
    return judge


@pytest.mark.parametrize("at", [4, 8, 20, 70, 75])
def test_a_restart_goes_on_where_the_last_process_stopped(at: int) -> None:
    """Pending, firing and not told yet, open, recovering: the rest is told as if nothing had been."""
    minutes = [*steady(FALLEN, 8), *steady(WELL, 200, OLD, START + 8)]
    told = walk(evaluator(history()), minutes)
    stopped = evaluator(history())
    before = tuple(incident for _, incident in walk(stopped, minutes[:at]))
    judge = restarted(minutes, at, Known(before, (), stopped.state))
    assert walk(judge, minutes[at:], START + at) == told[len(before) :]
    assert len(told) == 2


def test_an_incident_without_a_state_is_taken_up() -> None:
    """What an older process left is not told again, and resolved by what is usual now."""
    minutes = [*steady(FALLEN, 8), *steady(WELL, 200, OLD, START + 8)]
    told = walk(evaluator(history()), minutes)
    judge = restarted(minutes, 20, Known((told[0][1],)))
    ((minute, resolved),) = walk(judge, minutes[20:], START + 20)
    assert (minute, resolved.state, resolved.fired_at) == (81, "resolved", told[0][1].fired_at)


def test_a_restart_after_the_end_does_not_open_it_again() -> None:
    """The window since the deployment still holds the fall; the resolved incident keeps it out."""
    minutes = [*steady(FALLEN, 8), *steady(WELL, 200, first=START + 8)]
    told = walk(evaluator(history()), minutes)
    judge = restarted(minutes, 150, Known(tuple(incident for _, incident in told)))
    assert walk(judge, minutes[150:], START + 150) == []
    assert judge.incidents == ()


def test_history_by_the_quarter_and_by_the_minute_is_the_same() -> None:
    """Baseline and noise are reckoned by the quarter of an hour anyway; windows look back at the minutes of four days."""
    by_quarter, by_minute = Evaluator(RULES, QUALITY), Evaluator(RULES, QUALITY)
    by_quarter.warm(row(START - 8 * DAY + at, OLD, 150, 135) for at in range(0, 4 * DAY, 15))
    by_minute.warm(row(START - 8 * DAY + at, OLD, 10, 9) for at in range(4 * DAY))
    for judge in (by_quarter, by_minute):
        judge.warm(row(START - 4 * DAY + at, OLD, 10, 9) for at in range(4 * DAY))
    found = walk(by_quarter, steady((10, 5, 0, 0), 60))
    assert found == walk(by_minute, steady((10, 5, 0, 0), 60))
    assert len(found) == 1


def test_a_fixed_severity_and_a_runbook_come_from_the_rule() -> None:
    """What the operator says stands."""
    drop = replace(RULES[0], severity="critical", annotations={"runbook": "https://wiki.example"})
    judge = Evaluator([drop], QUALITY)
    judge.warm(history())
    ((_, incident),) = walk(judge, steady(FALLEN, 60))
    assert (incident.severity, incident.links) == ("critical", {"runbook": "https://wiki.example"})


def test_a_threshold_of_ones_own() -> None:
    """Ten points are not told where a language asks for twelve."""
    drop = replace(RULES[0], overrides={"de": 0.12})
    judge = Evaluator([drop], QUALITY)
    judge.warm(history())
    assert walk(judge, steady(FALLEN, 60)) == []


def test_nothing_is_known_of_an_empty_store() -> None:
    """The first traffic of all is no deployment."""
    judge = Evaluator(RULES, QUALITY)
    assert judge.advance(MONDAY, []) == []
    assert walk(judge, steady(FALLEN, 10, first=MONDAY + 1), MONDAY + 1) == []
    assert (judge.incidents, judge.changes) == ((), ())
