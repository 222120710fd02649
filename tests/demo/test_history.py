"""The demo's stored past: two whole weeks and today, in sums that agree with each other and with the live traffic."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from agent.aggregate.histogram import MICRO
from agent.demo.history import PastWindow, history
from agent.demo.profiles import OLD_INDEX, PROFILES

END = datetime(2026, 11, 16, 14, 22, 20, tzinfo=UTC)
DAY = 24 * 60
TODAY = int(datetime(2026, 11, 16, tzinfo=UTC).timestamp()) // 60


@cache
def past() -> list[PastWindow]:
    """Fourteen days at six hundred queries a minute."""
    return list(history(END))


def test_it_has_fourteen_days_and_today_up_to_the_minute_of_its_end() -> None:
    """Nothing of that minute or a later one."""
    assert past()[0].minute == TODAY - 14 * DAY
    last = past()[-1]
    assert last.minute + last.minutes == TODAY + 14 * 60 + 22


def test_every_language_has_every_minute_once() -> None:
    """A baseline has no holes, and nothing is counted twice."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for window in past():
        found[window.language] += range(window.minute, window.minute + window.minutes)
    assert all(minutes == list(range(TODAY - 14 * DAY, TODAY + 14 * 60 + 22)) for minutes in found.values())
    assert found.keys() == PROFILES.keys()


def test_what_an_alert_is_compared_with_is_minutes() -> None:
    """Of the week before, the quarter of an hour with this time of day and the hour after it; the rest is quarters of an hour."""
    minutes = {window.minute for window in past() if window.minutes == 1}
    end = TODAY + 14 * 60 + 22
    assert all(end - back * DAY + at in minutes for back in range(1, 8) for at in range(60))
    assert len(minutes) <= 8 * 90


def test_shortly_after_midnight_the_past_ends_yesterday() -> None:
    """Fourteen days before that are whole."""
    found = list(history(datetime(2026, 11, 15, 23, 50, tzinfo=UTC), days=1, per_minute=60))
    assert (found[0].minute, found[-1].minute + found[-1].minutes) == (TODAY - 2 * DAY, TODAY - 10)


def test_a_seed_gives_the_same_past() -> None:
    """Runs can be compared."""
    assert list(history(END, days=1)) == list(history(END, days=1))
    assert list(history(END, days=1)) != list(history(END, days=1, seed=2))


def test_the_fourteen_days_are_alike() -> None:
    """Each complete day has what the daily cycle adds up to when it is 600 a minute at half past two."""
    days: Counter[int] = Counter()
    for window in past():
        days[(window.minute - TODAY) // DAY] += window.events
    complete = [days[day] for day in range(-14, 0)]
    expected = 600 * DAY / 1.49  # nearly the busiest hour, which has half as much again as the mean
    assert all(total == pytest.approx(expected, rel=0.01) for total in complete)
    assert len(set(complete)) == 14
    assert 0 < days[0] < expected


def test_the_night_is_quiet() -> None:
    """Twelve hours from the busiest one there is a third of its traffic."""
    by_hour: Counter[int] = Counter()
    for window in past():
        if window.minute < TODAY:
            by_hour[window.minute // 60 % 24] += window.events
    assert by_hour[2] / by_hour[14] == pytest.approx(1 / 3, abs=0.02)


def test_traffic_goes_on_without_a_step() -> None:
    """The newest windows come at the rate of the live traffic."""
    newest = [window for window in past() if window.minute + window.minutes > TODAY + 13 * 60]
    minutes = sum(window.minutes for window in newest) / len(PROFILES)
    assert sum(window.events for window in newest) / minutes == pytest.approx(600, rel=0.03)


def test_the_sums_of_a_window_agree_with_each_other() -> None:
    """Whatever is read from a window gives the same counts."""
    for window in past():
        assert window.events == window.scored + window.zero_results + window.errors
        assert window.labelled == window.scored + window.zero_results
        assert sum(window.score_hist.values()) == window.scored
        assert sum(window.hit_hist.values()) == window.hits <= window.scored
        assert all(0 < count <= window.score_hist[bin_] for bin_, count in window.hit_hist.items())
        assert window.mrr_sum <= window.ndcg_sum <= window.hits * MICRO
        assert window.mrr_sq <= window.mrr_sum
        assert window.ndcg_sq <= window.ndcg_sum
        assert window.score_sum**2 <= window.score_sq * MICRO * max(1, window.scored) + MICRO * window.scored
        assert window.index_version == OLD_INDEX


@pytest.mark.parametrize("language", PROFILES)
def test_the_past_is_as_good_as_the_profile(language: str) -> None:
    """Recall, similarity, share of the traffic and of empty answers are those that the live traffic has before the update."""
    profile = PROFILES[language]
    mine = [window for window in past() if window.language == language]
    total = {
        name: sum(getattr(window, name) for window in mine) for name in ("events", "scored", "hits", "zero_results", "score_sum")
    }
    assert total["hits"] / total["scored"] == pytest.approx(profile.old.recall, abs=0.004)
    assert total["score_sum"] / total["scored"] / MICRO == pytest.approx(profile.old.similarity, abs=0.002)
    assert total["events"] / sum(window.events for window in past()) == pytest.approx(profile.weight, abs=0.002)
    assert total["zero_results"] / total["events"] == pytest.approx(0.01, abs=0.002)


def test_recall_varies_as_counts_do() -> None:
    """Quarters of an hour scatter as a binomial does, so the error bars that the agent learns are honest."""
    recall = PROFILES["es"].old.recall
    mine = [window for window in past() if window.language == "es"]
    excess = [(window.hits - window.scored * recall) ** 2 / (window.scored * recall * (1 - recall)) for window in mine]
    assert sum(excess) / len(excess) == pytest.approx(1, abs=0.15)


def test_a_quiet_service_keeps_its_recall() -> None:
    """Counts of one or two are drawn without bias."""
    total: Counter[str] = Counter()
    for window in history(END, days=7, per_minute=6):
        if window.language == "es":
            total.update(scored=window.scored, hits=window.hits)
    assert total["hits"] / total["scored"] == pytest.approx(PROFILES["es"].old.recall, abs=0.02)


def test_days_can_be_fewer() -> None:
    """The past begins at a midnight."""
    assert next(history(END, days=2)).minute == TODAY - 2 * DAY
    assert timedelta(minutes=TODAY) % timedelta(days=1) == timedelta(0)
