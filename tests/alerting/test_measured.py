"""What the languages measure now, for other people's dashboards."""

import numpy as np
import pytest

from agent.alerting.finding import Subject
from agent.alerting.ladder import Track
from agent.alerting.looked import Looked
from agent.alerting.measured import MOST, chosen
from agent.alerting.minutes import DAY, HOUR
from tests.alerting.traffic import START, evaluator, history, key, steady, walk


def looked(*rows: tuple[float, float, float], windows: tuple[int, ...] = (15, 60, 240)) -> Looked:
    """Rows of queries, mean and expected value at one minute: the same at each window, but that the first hour has all of them."""
    n, mean, expected = (np.repeat(np.array(rows, float)[:, at, None, None], len(windows), axis=1) for at in range(3))
    n = n * np.array(windows)[None, :, None] / HOUR
    rest = np.ones_like(n)
    return Looked(START, windows, n, mean, expected, rest, rest, rest, rest, rest, rest)


def track(language: str, environment: str = "prod") -> Track:
    """Hits of a language."""
    return Track(Subject("help", environment, language, "change"), "hit_rate", ("m1", "cosine"))


def test_the_last_hour_stands_beside_what_it_usually_is() -> None:
    """Ninety of a hundred were hits for three days, and eighty in the last hour."""
    judge = evaluator(history((6000, 5400, 0, 0)))
    walk(judge, steady((100, 80, 0, 0), HOUR))
    found = {one.measure: one for one in judge.measured}
    assert found["hit_rate"][:2] == ("help", "de")
    assert found["hit_rate"].n == 6000
    assert found["hit_rate"].current == pytest.approx(0.8)
    assert found["hit_rate"].expected == pytest.approx(0.9, abs=0.01)
    assert found["similarity_mean"].current == pytest.approx(0.8 * 0.5 + 0.2 * 0.2)


def test_without_history_nothing_is_expected_and_nothing_said() -> None:
    """A figure without one to compare it with would be taken for well."""
    judge = evaluator([])
    walk(judge, steady((100, 80, 0, 0), 30))
    assert judge.measured == []


def test_a_language_that_is_asked_no_more_says_nothing() -> None:
    """An hour without queries has no rate."""
    judge = evaluator(history((6000, 5400, 0, 0)))
    walk(judge, [*steady((100, 80, 0, 0), 5), *([] for _ in range(DAY // 8))])
    assert judge.measured == []


def test_of_two_environments_the_one_with_most_queries_is_told() -> None:
    """The labels have no place for both."""
    cells = looked((10, 0.5, 0.9), (1000, 0.8, 0.9))
    [one] = chosen([(track("de", "test"), cells, 0, 0), (track("de"), cells, 1, 0)])
    assert (one.n, one.current) == (1000, 0.8)


def test_a_log_of_a_thousand_languages_does_not_fill_a_scrape() -> None:
    """Those with most queries are told, the largest first."""
    cells = looked(*((100 + at, 0.8, 0.9) for at in range(1000)))
    found = chosen((track(f"x{at}"), cells, at, 0) for at in range(1000))
    assert [one.language for one in found] == [f"x{at}" for at in range(999, 999 - MOST, -1)]


@pytest.mark.parametrize(("windows", "n"), [((15, 60, 240), 60), ((15, 30), 30), ((240, 1440), 240)])
def test_the_window_is_an_hour_or_what_comes_nearest(windows: tuple[int, ...], n: int) -> None:
    """Rules may look at other windows."""
    [one] = chosen([(track("de"), looked((HOUR, 0.8, 0.9), windows=windows), 0, 0)])
    assert one.n == n


def test_a_minute_that_was_not_looked_at_has_no_figures() -> None:
    """What was looked at is a stretch of minutes of one day."""
    cells = looked((100, 0.8, 0.9))
    assert chosen([(track("de"), cells, 0, 1), (track("de"), cells, 0, -1)]) == []


def test_two_collections_are_one_language() -> None:
    """A track has all collections of its service."""
    keys = (key(version="v41"), key(version="v41", collection="other"))
    judge = evaluator(history((6000, 5400, 0, 0), keys))
    minutes = [[*a, *b] for a, b in zip(*(steady((100, 90, 0, 0), 30, where) for where in keys), strict=True)]
    walk(judge, minutes)
    assert [one.n for one in judge.measured if one.measure == "hit_rate"] == [6000]
