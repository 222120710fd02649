"""What counts as a breach."""

import numpy as np
import pytest

from agent.alerting.finding import Subject
from agent.alerting.judging import Judged, asked, hits, judge, within
from agent.alerting.ladder import Track
from agent.alerting.looked import Looked
from agent.alerting.rule import DropRule, Measure
from tests.alerting.traffic import START

RULE = DropRule(name="drop", overrides={"lo": 0.05})


def track(language: str = "de", measure: Measure = "hit_rate") -> Track:
    """One measure of a language."""
    return Track(Subject("help", "prod", language, "change"), measure, ("m1", "cosine"))


def looked(now: float, usual: float, n: float = 10_000, n_baseline: float = 100_000, tau: float = 0.0) -> Looked:
    """One track, one window of an hour, one minute."""
    values = (n, now, usual, n_baseline, now * (1 - now), usual * (1 - usual), 1.0, tau**2, tau**2)
    return Looked(START, (60,), *(np.full((1, 1, 1), value) for value in values))


def judged(one: Looked, track: Track = track(), days: int = 14) -> Judged:  # noqa: B008 - immutable
    """By the default rule."""
    return judge(asked(RULE, {track: 0}, [days], trailing=True, unit={}), "trailing", one, [track])


def breaches(one: Looked, track: Track = track(), days: int = 14) -> bool:  # noqa: B008 - immutable
    """Whether it is a breach."""
    return bool(judged(one, track, days).breach.any())


@pytest.mark.parametrize(("now", "breach"), [(0.869, True), (0.871, False), (0.93, False)])
def test_three_points_are_asked_for(now: float, breach: bool) -> None:  # noqa: FBT001 - a table
    """Below 90 %, on so many queries that all is certain."""
    assert breaches(looked(now, 0.9)) == breach


def test_a_language_may_ask_for_more_points() -> None:
    """Four points of Lao are none."""
    assert breaches(looked(0.86, 0.9), track("de"))
    assert not breaches(looked(0.86, 0.9), track("lo"))


@pytest.mark.parametrize(("tau", "breach"), [(0.0124, True), (0.0126, False)])
def test_four_standard_errors_are_asked_for(tau: float, breach: bool) -> None:  # noqa: FBT001 - a table
    """Five points with an error of a little more than the wobble alone; to a hundredth of a point."""
    assert breaches(looked(0.85, 0.9, 1e9, 1e9, tau), days=14) == breach


@pytest.mark.parametrize(("days", "breach"), [(6, False), (7, True)])
def test_five_are_asked_for_under_seven_days(days: int, breach: bool) -> None:  # noqa: FBT001 - a table
    """Four and a half are enough afterwards only."""
    assert breaches(looked(0.855, 0.9, 1e9, 1e9, 0.01), days=days) == breach


@pytest.mark.parametrize(("n", "n_baseline"), [(49, 1e6), (1e6, 49)])
def test_fewer_than_fifty_queries_are_never_a_breach(n: float, n_baseline: float) -> None:
    """However bad they are, on either side."""
    assert not breaches(looked(0.01, 0.99, n, n_baseline))
    assert breaches(looked(0.01, 0.99, max(n, 50), max(n_baseline, 50)))


@pytest.mark.parametrize(
    ("usual", "now", "breach"),
    [
        (0.08, 0.054, True),  # a third of what it was
        (0.08, 0.058, False),  # a quarter: 2.2 points
        (0.99, 0.969, True),  # three times the misses, 2.1 points
        (0.99, 0.973, False),
        (0.50, 0.48, False),
    ],
)
def test_a_small_fall_counts_as_a_part_of_its_rate(usual: float, now: float, breach: bool) -> None:  # noqa: FBT001 - a table
    """Three points are little of 99 % and much of 8 %."""
    found = judged(looked(now, usual))
    assert bool(found.breach.any()) == breach
    assert not found.absolute.any()
    if breach:
        (hit,) = hits(found, [track()], [14], START)
        assert hit.relative
        assert hit.signal(START).evidence.workings is not None


def test_a_mean_score_has_no_part() -> None:
    """A similarity of .08 that falls to .05 is noise about noise."""
    assert not breaches(looked(0.054, 0.08), track(measure="similarity_mean"))


def test_a_rise_is_no_breach() -> None:
    """More hits are welcome."""
    assert not breaches(looked(0.99, 0.5))


def test_a_threshold_of_its_own_for_similarities() -> None:
    """One that is reckoned from noise and reference."""
    mean = track(measure="similarity_mean")
    for unit, breach in ((0.01, True), (0.03, False)):
        asking = asked(RULE, {mean: 0}, [14], trailing=True, unit={mean: unit})
        assert bool(judge(asking, "trailing", looked(0.48, 0.50, 1e6, 1e6), [mean]).breach.any()) == breach


def test_no_window_reaches_back_before_the_last_recovery() -> None:
    """An hour that began a minute too early is not asked."""
    found = judged(looked(0.5, 0.9))
    assert within(found, np.array([START - 59])).breach.any()
    assert not within(found, np.array([START - 58])).breach.any()


def test_what_a_rule_does_not_measure_is_not_judged() -> None:
    """Zero results corroborate, they alarm nobody by default."""
    assert not breaches(looked(0.5, 0.9), track(measure="has_results"))
