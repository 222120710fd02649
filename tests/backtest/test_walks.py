"""Backtest, placebo and drill on traffic whose answer is known."""

from math import inf

import pytest

from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import Incident
from agent.backtest.days import Span, days, warm
from agent.backtest.drill import Delays, drill, plan
from agent.backtest.fault import Drop
from agent.backtest.outcome import fired, outcomes
from agent.backtest.placebo import HISTORY, STEP, WATCHED, moments, placebo
from agent.backtest.trials import deployed, former, trials
from agent.backtest.what_if import POINTS, ZS, variants
from tests.alerting.traffic import DAY, QUALITY, RULES, START, key, row
from tests.backtest.builders import Listed, days_before, traffic

HOUR = 60


def new() -> Evaluator:
    """The default rules, which know nothing yet."""
    return Evaluator(RULES, QUALITY)


def broken() -> Listed:
    """Three quiet days, then a deployment that costs a quarter of the hits."""
    return Listed([*days_before(3), *traffic(START, 4 * HOUR, (10, 7), version="v42")])


def follow(agent: Evaluator, minutes: Listed, span: Span) -> list[Incident]:
    """What an agent tells that is there, and looks every seven minutes."""
    looks = (Span(first, min(first + 7, span.end)) for first in range(*span, 7))
    walked = (agent.walk(minutes.rows(look), look.first, look.end - 1) for look in looks)
    return [one for walk in walked for _, told in walk for one in told]


def test_a_backtest_finds_what_the_agent_would_have_found() -> None:
    """One incident, at the minute at which an agent that was there would have told it."""
    minutes, direct = broken(), new()
    (outcome,) = outcomes([new()], minutes, minutes.span())
    told = follow(direct, minutes, minutes.span())
    assert [one.fired_at for one in outcome.incidents] == [one.fired_at for one in told]
    assert (outcome.notifications, outcome.languages, outcome.minutes) == (1, 1, 3 * DAY + 4 * HOUR)


def test_what_lies_before_the_span_is_history() -> None:
    """Evaluated from the deployment on, the incident is the same one; evaluated after it fired, it is another."""
    minutes = broken()
    whole, part = (outcomes([new()], minutes, Span(first, minutes.span().end))[0] for first in (minutes.span().first, START))
    assert [one.fired_at for one in part.incidents] == [one.fired_at for one in whole.incidents]
    assert part.minutes == 4 * HOUR


def test_several_rules_share_one_reading() -> None:
    """Each evaluator finds what it would have found alone."""
    high = next(variant for variant in variants(RULES) if (variant.z, variant.points) == (5.0, 5))
    evaluators = [new(), Evaluator(high.rules, QUALITY)]
    both = outcomes(evaluators, broken(), broken().span())
    alone = [outcomes([one], broken(), broken().span())[0] for one in (new(), Evaluator(high.rules, QUALITY))]
    assert [one.incidents for one in both] == [one.incidents for one in alone]
    assert both[0].incidents[0].fired_at < both[1].incidents[0].fired_at  # type: ignore[operator]  # both fired


def test_the_shipped_limits_are_one_of_the_variants() -> None:
    """Each of the twelve is there once, and z 4 with 3 points is what the rules say already."""
    tried = list(variants(RULES))
    assert [(one.z, one.points) for one in tried] == [(z, points) for z in ZS for points in POINTS]
    assert [list(one.rules) for one in tried if (one.z, one.points) == (4.0, 3)] == [RULES]


def test_a_trial_knows_what_an_agent_would_know() -> None:
    """The copy at a later start has taken in all that came before it, and what one trial does changes no other."""
    minutes = broken()
    starts = [START - HOUR, START]
    for trial in trials(new, minutes, starts):
        direct = new()
        warm(direct, days(minutes, Span(minutes.span().first, trial.start)))
        for evaluator in (trial.evaluator, direct):
            follow(evaluator, minutes, Span(trial.start, minutes.span().end))
        assert fired(trial.evaluator) == fired(direct) != []


def test_a_version_that_has_no_name_gets_one() -> None:
    """Else the trial's would be the first one, which is no deployment."""
    unnamed = row(START, key(version="", model=""), 1, 1)
    assert former(unnamed).key.index_version != ""
    assert former(row(START, key(), 1, 1)).key == key()
    assert deployed(unnamed).key.index_version not in {"", former(unnamed).key.index_version}


def test_placebo_deployments_have_history_and_their_72_hours() -> None:
    """They overlap nowhere and begin at other hours of the day."""
    known = Span(START, START + 28 * DAY)
    found = moments(known, known)
    assert found[0] == START + HISTORY
    assert found[-1] + WATCHED <= known.end < found[-1] + STEP + WATCHED
    assert len({start % DAY for start in found}) == len(found)
    assert moments(Span(START, START + 9 * DAY), Span(START, START + 9 * DAY)) == []


def test_a_placebo_on_steady_traffic_raises_nothing_and_a_true_fall_is_counted() -> None:
    """History is taken as it is."""
    steady = Listed(days_before(10))
    known = steady.span()
    outcome = placebo(new, steady, moments(known, known))
    assert (outcome.incidents, outcome.minutes, outcome.languages) == ([], WATCHED, 1)
    start = moments(known, known)[0]
    falls = Listed([one if one.minute < start + HOUR else row(one.minute, one.key, 10, 6) for one in steady.rows(known)])
    outcome = placebo(new, falls, [start])
    assert [one.language for one in outcome.incidents] == ["de"]
    assert outcome.notifications == 1
    assert outcome.per_week == pytest.approx(7 / 3)


def test_a_drill_begins_where_its_wait_ends_in_time() -> None:
    """28 starts a week; a short history is shared out; less than three days is none."""
    planned = plan(Span(START, START + 35 * DAY))
    assert planned is not None
    assert (len(planned.starts), planned.starts[-1] + planned.horizon <= START + 35 * DAY) == (28, True)
    short = plan(Span(START, START + 3 * DAY))
    assert short is not None
    assert (len(short.starts), short.horizon) == (4, DAY)
    assert plan(Span(START, START + 3 * DAY - 1)) is None


def test_a_drill_tells_a_large_deployment_fall_soon() -> None:
    """Twenty points with a new version are told from the first start and from the last, sooner than five; the language's own incident counts."""
    minutes = Listed([*days_before(3), *days_before(3, (10, 8), "ko")])
    planned = plan(minutes.span())
    assert planned is not None
    planned = planned._replace(starts=planned.starts[::3])
    large, small = (drill(new, minutes, planned, Drop("de", drop, QUALITY))["deployment"] for drop in (0.2, 0.05))
    assert max(large.minutes) < inf
    assert large.quantile(0.5) is not None
    assert max(large.minutes) < min(small.minutes)


def test_delays_where_not_all_were_told() -> None:
    """A quantile that nobody reached is none, never that of those who were told."""
    some = Delays([30, inf, 10, 20], DAY)
    assert (some.quantile(0.5), some.quantile(0.9)) == (20, None)
    assert some.document() == {"starts": 4, "told": 3, "delay_minutes": {"median": 20, "p90": None}, "within_minutes": DAY}
    assert Delays([inf], DAY).quantile(0.5) is None
