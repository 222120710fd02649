"""Whether a language has more or less traffic than usual."""

import pytest

from agent.alerting.changes import Collection
from agent.alerting.grid import Stream
from agent.alerting.summary import volume_text
from agent.alerting.volume import Volumes
from tests.alerting.traffic import DAY, QUALITY, START, evaluator, history, key, steady, walk

STREAM = Stream(Collection("help", "prod", "kb"), "de")
HOUR = 60


def volumes(per_hour: int = 600, days: int = 3) -> Volumes:
    """So many events an hour on the days before START, and on the day itself."""
    made = Volumes()
    for hour in range(-24 * days, 24):
        made.add(STREAM, START + hour * HOUR, per_hour)
    return made


@pytest.mark.parametrize(("extra", "change"), [(0, 1.0), (600, 2.0), (1800, 4.0)])
def test_traffic_is_told_as_a_multiple_of_the_same_hours(extra: int, change: float) -> None:
    """Over the hours that were met, the last one as far as it went."""
    made = volumes()
    made.add(STREAM, START + 5 * HOUR, extra)
    assert made.change(STREAM, START + 5 * HOUR + 20, START + 6 * HOUR - 1) == pytest.approx(change)


def test_an_hour_that_is_half_over_is_compared_with_half() -> None:
    """Otherwise each deployment would begin with too little traffic."""
    made = volumes(days=2)
    made.add(STREAM, START + DAY, 300)
    assert made.change(STREAM, START + DAY, START + DAY + 29) == pytest.approx(1.0)


def test_each_hour_has_its_own_usual_traffic() -> None:
    """Nobody asks at night: eight queries there are no less than eight hundred by day."""
    made = Volumes()
    for day in (-2, -1, 0):
        for hour in range(24):
            made.add(STREAM, START + day * DAY + hour * HOUR, 800 if hour >= 8 else 8)
    assert made.change(STREAM, START, START + 8 * HOUR - 1) == pytest.approx(1.0)
    assert made.change(STREAM, START + 8 * HOUR, START + 9 * HOUR - 1) == pytest.approx(1.0)


def test_too_little_traffic_tells_nothing() -> None:
    """A multiple of two queries is chance; so is one of days that nobody saw."""
    assert volumes(per_hour=20).change(STREAM, START, START + HOUR - 1) is None
    assert volumes(days=0).change(STREAM, START, START + 9 * HOUR) is None
    assert Volumes().change(STREAM, START, START + HOUR) is None


@pytest.mark.parametrize("hours_before", [4, 10, 30])
def test_a_short_history_makes_no_flood(hours_before: int) -> None:
    """Hours of the day that nobody saw are not hours without traffic."""
    made = Volumes()
    for hour in range(-hours_before, 24):
        made.add(STREAM, START + hour * HOUR, 600)
    whole = made.change(STREAM, START, START + DAY - 1)
    assert whole is None or whole == pytest.approx(1.0)
    assert made.change(STREAM, START + 22 * HOUR, START + DAY - 1) == pytest.approx(1.0)


def test_an_outage_is_not_usual() -> None:
    """Two of five days without any traffic of the collection; of a language that is new that day, none was."""
    made = volumes(days=1)
    for day in (-5, -4):
        for hour in range(24):
            made.add(STREAM, START + day * DAY + hour * HOUR, 600)
    assert made.change(STREAM, START, START + DAY - 1) == pytest.approx(1.0)
    fallen = [(START - DAY, START)]
    made.add(STREAM, START - DAY, 100_000)
    assert made.change(STREAM, START, START + HOUR - 1, fallen) == pytest.approx(1.0)


def test_an_hour_that_is_not_counted_whole_is_not_compared() -> None:
    """Neither asked about nor usual, for every language; the hours beside it are."""
    made = volumes()
    made.add(STREAM, START + 5 * HOUR, 1800)
    made.add(STREAM, START - DAY, 100_000)
    made.suspend(START + 5 * HOUR + 59)
    made.suspend(START - DAY)
    assert made.change(STREAM, START + 5 * HOUR, START + 6 * HOUR - 1) is None
    assert made.change(STREAM, START + 4 * HOUR, START + 6 * HOUR - 1) == pytest.approx(1.0)
    assert made.change(STREAM, START, START + HOUR - 1) == pytest.approx(1.0)


def test_an_answer_is_no_older_than_what_it_rests_on() -> None:
    """The same is asked before and after it turns out that an hour was not counted whole, and after its days are forgotten."""
    made = volumes(days=2)
    made.add(STREAM, START - DAY, 600)
    assert made.change(STREAM, START, START + HOUR - 1) == pytest.approx(2 / 3)
    made.suspend(START - DAY)
    assert made.change(STREAM, START, START + HOUR - 1) == pytest.approx(1.0)
    made.forget(START + 30 * DAY)
    assert made.change(STREAM, START, START + HOUR - 1) is None


def test_what_no_baseline_asks_for_is_forgotten() -> None:
    """Nineteen days later nothing is left to compare with."""
    made = volumes()
    made.suspend(START)
    made.forget(START + 30 * DAY)
    assert made.change(STREAM, START, START + HOUR) is None
    assert made._partial == set()


@pytest.mark.parametrize(
    ("volume", "text"),
    [
        (None, ""),
        (1.9, ""),
        (0.6, ""),
        (0.25, " Its traffic is 0.25 times the usual."),
        (2.5, " Its traffic is 2.5 times the usual."),
        (4.1, " Its traffic is 4.1 times the usual: are queries in another language counted here?"),
    ],
)
def test_volume_text(volume: float | None, text: str) -> None:
    """Said where it may matter, as a question where it may explain all."""
    assert volume_text(volume) == text


@pytest.mark.parametrize(("times", "cause"), [(1, "deployment"), (2, "deployment"), (4, "tagging")])
def test_a_flood_is_told_apart_from_a_drop(times: int, cause: str) -> None:
    """The same fall of ten points: with four times the queries of usual they are taken for other people's."""
    judge = evaluator(history(), QUALITY)
    ((_, incident),) = walk(judge, steady((100 * times, 80 * times, 0, 0), 60, key()))
    assert incident.cause == cause
    assert ("times the usual" in incident.summary) == (times > 1)


def test_a_flood_is_not_seen_in_minutes_that_are_not_counted_whole() -> None:
    """The fall is, and says nothing of the traffic."""
    judge = evaluator(history(), QUALITY)
    judge.suspend_volume(START)
    ((_, incident),) = walk(judge, steady((400, 320, 0, 0), 60, key()))
    assert incident.cause == "deployment"
    assert "times the usual" not in incident.summary
