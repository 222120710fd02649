"""How much weeks wobble, on days made for it."""

from math import sqrt

import pytest

from agent.alerting.measures import Quality
from agent.alerting.minutes import DAY
from agent.alerting.statistics import TAU
from agent.alerting.sums import Minute
from agent.report.weekly.readings import Key
from agent.report.weekly.wobble import LeftOut, Past14, wobbles
from tests.report.weekly.builders import KEY, MONDAY

RECALL = Key("recall_at_k", ("", ""))
UNTIL = int(MONDAY.timestamp()) // 60
WEEKS = (7 * DAY, 7 * DAY)


def days(rates: list[float], n: int = 1_000_000) -> list[Minute]:
    """A row for each day before the week, oldest first."""
    start = UNTIL - len(rates) * DAY
    return [labelled(start + at * DAY, n, rate) for at, rate in enumerate(rates)]


def labelled(minute: int, n: int, rate: float) -> Minute:
    """So many labelled queries."""
    hits = round(n * rate) * 1_000_000
    return Minute(minute, KEY, n, 0, 0, 0, 0, 0, {}, n, hits, hits)


def noise(rows: list[Minute], left_out: list[LeftOut] | None = None) -> tuple[float, float]:
    """Korean's."""
    return wobbles(Past14(rows, [], left_out or [], UNTIL), {"ko": RECALL}, WEEKS, Quality())["ko"]


def test_a_week_wobbles_like_the_mean_of_seven_days() -> None:
    """Days of .78 and .82 in turn: their variance is 14 * .0004 / 13; a week's is a seventh, and two weeks differ by twice that."""
    _, tau = noise(days([0.78, 0.82] * 7))
    assert tau == pytest.approx(sqrt(2 * 14 * 0.0004 / 13 / 7), rel=1e-2)


def test_without_quarters_the_design_effect_is_that_of_sessions() -> None:
    """Nothing is known of the service's own."""
    assert noise(days([0.8] * 14))[0] == 1.5


def test_what_an_incident_covers_is_not_usual() -> None:
    """Three days of .2 among days of .8 would hide any fall; the days of the incident are left out whole."""
    rows = days([0.8] * 11 + [0.2] * 3)
    hidden, seen = noise(rows)[1], noise(rows, [LeftOut("ko", UNTIL - 3 * DAY + 700, UNTIL)])[1]
    assert hidden > 0.1
    assert seen < 0.001
    assert noise(rows, [LeftOut("*", UNTIL - 3 * DAY + 700, UNTIL)])[1] == seen


def test_a_short_history_is_allowed_a_point() -> None:
    """Under seven days show less wobble than there is: a point for each side."""
    assert noise(days([0.8] * 6))[1] == pytest.approx(sqrt(2) * TAU)


def test_few_queries_take_the_usual_of_others() -> None:
    """Where none tells, a point for each side."""
    assert noise(days([0.8] * 14, n=20))[1] == pytest.approx(sqrt(2) * TAU)
