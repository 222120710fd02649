"""Counts by the hour and minute; the rates of the tests stand in tests/alerting/traffic.py."""

import numpy as np

from agent.alerting.finding import Subject
from agent.alerting.traffic import HOURS_KEPT, Traffic
from tests.alerting.traffic import MONDAY

HOUR = MONDAY // 60
KO, LO = (Subject("help", "prod", language, "volume") for language in ("ko", "lo"))


def counted(*hours: int, start: int = HOUR) -> Traffic:
    """So many Korean queries an hour, from a Monday on; one Lao query in the first hour."""
    traffic = Traffic()
    traffic.add(LO, start * 60, 1)
    for at, events in enumerate(hours):
        traffic.add(KO, (start + at) * 60, events)
    return traffic


def test_hours_and_minutes_are_forgotten_when_their_time_comes_round() -> None:
    """After 35 days and after an hour; also when the days between were silent."""
    traffic = counted(5)
    assert traffic.since(MONDAY).tolist() == [1, 5]
    traffic.turn(MONDAY + 61)
    assert traffic.since(MONDAY + 2).tolist() == [0, 0]
    traffic.turn(MONDAY + HOURS_KEPT * 60 - 1)
    assert traffic.hours(HOUR, HOUR).tolist() == [[1], [5]]
    traffic.turn(MONDAY + HOURS_KEPT * 60)
    assert traffic.hours(HOUR, HOUR + HOURS_KEPT).sum() == 0


def test_usual_is_the_lowest_of_the_last_four_weeks() -> None:
    """Of as many as there are; without any it is nothing."""
    week = 168
    weeks = [90, 70, 80, 100, 60]
    hours = [events for number in weeks for events in [number] * week]
    for known, lowest in ((1, 90), (2, 70), (3, 70), (4, 70)):
        traffic = counted(*hours[: known * week])
        traffic.turn((HOUR + known * week) * 60)
        usual = traffic.usual(HOUR + known * week, HOUR + known * week, {}, set())
        assert usual[traffic.places[KO]].tolist() == [lowest]
    young = counted(*hours[: week - 1])
    assert not young.usual(HOUR + week - 1, HOUR + week - 1, {}, set()).any()


def test_incidents_and_hours_that_were_not_whole_are_not_usual() -> None:
    """The weeks that remain are; when none remains it is nothing."""
    week = 168
    traffic = counted(*[90] * week, *[10] * week)
    now = HOUR + 2 * week
    traffic.turn(now * 60)
    place = traffic.places[KO]
    last_week = range(HOUR + week, now)
    assert traffic.usual(now, now, {place: [last_week]}, set())[place] == 90
    assert traffic.usual(now, now, {}, {now - week})[place] == 90
    assert traffic.usual(now, now, {place: [last_week]}, {now - 2 * week})[place] == 0


def test_silence_begins_after_the_last_event() -> None:
    """To the minute within the last hour, before that to the hour, but not later than that."""
    traffic = Traffic()
    traffic.add(KO, MONDAY + 10, 3)
    ko = np.array([0])
    traffic.turn(MONDAY + 30)
    assert traffic.silent_since(ko) == MONDAY + 11
    traffic.turn(MONDAY + 75)
    assert traffic.silent_since(ko) == MONDAY + 16
    traffic.turn(MONDAY + 600)
    assert traffic.silent_since(ko) == MONDAY + 60


def test_the_last_hour_is_put_in_the_place_of_what_was_read_by_the_hour() -> None:
    """Minute by minute."""
    live, read = Traffic(), counted(12)
    for at in range(4):
        live.add(KO, MONDAY + at, 3)
    read.turn(MONDAY + 3)
    read.set_last_hour(MONDAY + 3, list(live.last_hour()))
    for traffic in (live, read):
        assert traffic.since(MONDAY + 2)[traffic.places[KO]] == 6
