"""What was seen lately."""

from agent.alerting.recent import DAYS, Recent, Values
from tests.alerting.traffic import DAY, MONDAY


def seen(*days: dict[str, int]) -> Recent:
    """So many values a day, all in bin 5."""
    recent = Recent()
    for at, counts in enumerate(days):
        for language, n in counts.items():
            recent.add(MONDAY + at * DAY, language, n, {5: n})
    return recent


def test_fourteen_days_and_today_are_kept() -> None:
    """Whatever came before is forgotten, also by name."""
    days = [{"en": 10, "de": 1}, *[{"en": 10}] * (DAYS + 1)]
    assert dict(seen(*days[:-1]).languages()) == {"en": 150, "de": 1}
    assert dict(seen(*days).languages()) == {"en": 150}
    assert seen(*days).of("en", "de") == Values(150, {5: 150})


def test_days_without_traffic_count_as_days() -> None:
    """A gap of weeks leaves nothing."""
    recent = seen({"en": 10})
    recent.add(MONDAY + 30 * DAY, "de", 1, {7: 1})
    assert dict(recent.languages()) == {"de": 1}


def test_rare_is_less_than_fifty_a_day() -> None:
    """On the mean of the days before and also today; on the first day nobody knows."""
    assert not seen({"lo": 1}).is_rare("lo")
    assert seen({"lo": 60, "en": 99}, {"lo": 39}, {"lo": 49}).is_rare("lo")
    assert not seen({"lo": 60, "en": 99}, {"lo": 40}, {"lo": 1}).is_rare("lo")
    assert not seen({"en": 99}, {"lo": 50}).is_rare("lo")
    assert seen({"lo": 9, "en": 99}, {"am": 1}).rare_languages() == 2
