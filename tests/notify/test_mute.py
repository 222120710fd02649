"""Mutes: which incidents, when, and until when; also where clocks on walls jump."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.notify.mute import (
    CHOICES,
    WEEKDAYS,
    Between,
    Mute,
    State,
    Window,
    expected_label,
    id_of,
    matches,
    minute_of_day,
    muting,
    state,
    until,
)
from agent.notify.route import LABELS
from tests.notify.examples import KOREAN, NOW, incident

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")
FORWARD, BACK = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)  # both at 01:00 UTC, both Sundays


def mute(**given: Any) -> Mute:
    """A mute of Korean, for ever, with other values where they are given."""
    return Mute(**{"id": "a1", "match": {"language": ("ko",)}, "reason": "known", **given})


def nightly(start: str, end: str, timezone: str = "Europe/Berlin", *weekdays: Any) -> Mute:
    """One that is silent between two times of the day."""
    return mute(windows=(Window(timezone, weekdays or WEEKDAYS, (Between(start, end),)),))


def local(*at: int, fold: int = 0) -> datetime:
    """A time on a wall in Berlin."""
    year, month, day, hour, minute = at
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("match", "silent"),
    [
        ({}, True),
        ({"language": ("ko",)}, True),
        ({"language": ("ja", "ko"), "service": ("help",)}, True),
        ({"language": ("ko",), "service": ("shop",)}, False),
        ({"class": ("change",), "severity": ("warning", "critical")}, True),
        ({"class": ("level",)}, False),
        ({"team": ("search",)}, True),
        ({"team": ("ads",)}, False),
        ({"owner": ("",)}, True),
    ],
)
def test_all_labels_must_hold(match: dict[str, tuple[str, ...]], silent: bool) -> None:  # noqa: FBT001 - a row of the table
    """Any value of each label; those of the rule count too, and one that is missing is an empty text."""
    assert matches(mute(match=match), incident(labels={"team": "search"})) is silent


def test_a_label_of_a_rule_hides_none_of_the_incident() -> None:
    """A rule that gives a label `language` does not change which language an incident is of."""
    assert matches(mute(), incident(labels={"language": "en"}))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, State.ACTIVE),
        ({"starts_at": NOW}, State.ACTIVE),
        ({"starts_at": NOW + MINUTE}, State.WAITING),
        ({"ends_at": NOW + MINUTE}, State.ACTIVE),
        ({"ends_at": NOW}, State.OVER),
        ({"removed_at": NOW - HOUR}, State.REMOVED),
        ({"removed_at": NOW - HOUR, "ends_at": NOW - MINUTE}, State.REMOVED),
        ({"windows": (Window("UTC", times=(Between("08:30", "09:00"),)),)}, State.ACTIVE),
        ({"windows": (Window("UTC", times=(Between("08:00", "08:30"),)),)}, State.WAITING),
    ],
)
def test_what_a_mute_does_now(given: dict[str, Any], expected: State) -> None:
    """From its beginning on, without its end; what is removed is nothing else any more."""
    assert state(mute(**given), NOW) is expected


def test_the_one_that_lasts_longest_is_named() -> None:
    """Who looks when the silence ends is not told a time at which it goes on."""
    short, long, other = mute(id="s", ends_at=NOW + HOUR), mute(id="l", ends_at=NOW + 2 * HOUR), mute(match={"language": ("ja",)})
    assert muting(KOREAN, [short, long, other], NOW) == long
    assert muting(KOREAN, [long, mute(id="e"), short], NOW) == mute(id="e")
    assert muting(KOREAN, [other], NOW) is None
    assert muting(KOREAN, [short], NOW + HOUR) is None


def test_an_end_within_a_window_is_the_end() -> None:
    """Whichever comes first."""
    window = nightly("08:00", "10:00", "UTC").windows
    assert until(mute(windows=window), NOW) == NOW + 90 * MINUTE
    assert until(mute(windows=window, ends_at=NOW + HOUR), NOW) == NOW + HOUR
    assert until(mute(), NOW) is None


def test_a_window_that_passes_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    """Friday night lasts into Saturday, Saturday's own night is loud."""
    friday = nightly("22:00", "06:00", "UTC", "fri")
    loud = [
        datetime(2026, 11, 20, 21, 59, tzinfo=UTC),
        datetime(2026, 11, 20, 5, tzinfo=UTC),
        datetime(2026, 11, 21, 22, tzinfo=UTC),
    ]
    assert {state(friday, at) for at in loud} == {State.WAITING}
    assert until(friday, datetime(2026, 11, 20, 22, tzinfo=UTC)) == datetime(2026, 11, 21, 6, tzinfo=UTC)


def test_windows_that_touch_are_one_silence() -> None:
    """A weekend by days ends on Monday; all days of the week have no end to be seen."""
    weekend = mute(windows=(Window("UTC", ("sat", "sun")),))
    assert until(weekend, datetime(2026, 11, 21, 9, tzinfo=UTC)) == datetime(2026, 11, 23, tzinfo=UTC)
    assert until(mute(windows=(Window("UTC"),)), NOW) is None


def test_the_night_in_which_clocks_go_forward() -> None:
    """Half an hour that no clock shows is no silence, and a window around it is an hour shorter."""
    skipped, around = nightly("02:00", "02:30"), nightly("01:00", "03:30")
    assert not any(state(skipped, FORWARD + count * MINUTE) is State.ACTIVE for count in range(24 * 60))
    assert until(around, local(2026, 3, 29, 1, 0)) == local(2026, 3, 29, 1, 0) + 90 * MINUTE


def test_the_night_in_which_clocks_go_back() -> None:
    """What they show twice is silent twice, and a window around it is an hour longer."""
    twice, around = nightly("02:00", "02:30"), nightly("01:00", "03:30")
    active = [at for count in range(24 * 60) if state(twice, at := BACK + count * MINUTE) is State.ACTIVE]
    assert len(active) == 60
    assert {at.astimezone(BERLIN).fold for at in active} == {0, 1}
    assert until(around, local(2026, 10, 25, 1, 0)) == local(2026, 10, 25, 1, 0) + 210 * MINUTE


CLOCKS = st.integers(0, 24 * 60 - 1).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca"])
TIMES = st.integers(0, 365 * 24 * 3600).map(lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
BETWEEN = st.tuples(CLOCKS, CLOCKS).filter(lambda times: times[0] != times[1])


@given(BETWEEN, ZONES, st.sets(st.sampled_from(WEEKDAYS), min_size=1), TIMES)
def test_the_end_is_where_silence_ends(times: tuple[str, str], zone: str, weekdays: set[Any], now: datetime) -> None:
    """Until then every minute is silent, and then none, whatever clocks do; a silence is never longer than all its days."""
    windowed = nightly(*times, zone, *weekdays)
    if state(windowed, now) is State.ACTIVE:
        end = until(windowed, now)
        assert end is not None
        assert now < end <= now + timedelta(days=1, hours=1)
        assert all(state(windowed, now + count * MINUTE) is State.ACTIVE for count in range((end - now) // MINUTE))
        assert state(windowed, end - timedelta(microseconds=1)) is State.ACTIVE
        assert state(windowed, end) is State.WAITING


@given(BETWEEN, ZONES, TIMES)
def test_a_time_and_the_rest_of_the_day_are_all_the_time(times: tuple[str, str], zone: str, now: datetime) -> None:
    """Half-open: each moment lies in exactly one of [a, b) and [b, a), also on days of 23 and 25 hours."""
    start, end = times
    inside = [state(nightly(*each, zone), now) is State.ACTIVE for each in ((start, end), (end, start))]
    assert sorted(inside) == [False, True]


@given(BETWEEN, TIMES)
def test_a_day_has_as_many_silent_minutes_as_its_window_is_long(times: tuple[str, str], now: datetime) -> None:
    """Where clocks do not jump."""
    windowed, length = nightly(*times, "UTC"), (minute_of_day(times[1]) - minute_of_day(times[0])) % (24 * 60)
    assert sum(state(windowed, now + count * MINUTE) is State.ACTIVE for count in range(24 * 60)) == length


def test_an_id_is_of_labels_and_times() -> None:
    """Neither the order of the labels nor the seconds change it, anything else does."""
    one = id_of({"language": ("ko", "ja"), "service": ("help",)}, NOW, NOW + HOUR)
    assert one == id_of({"service": ("help",), "language": ("ja", "ko")}, NOW + timedelta(seconds=7), NOW + HOUR)
    assert len(one) == 16
    others = [
        id_of({}, NOW, NOW + HOUR),
        id_of({"language": ("ko",)}, NOW, NOW + HOUR),
        id_of({}, NOW, NOW + 2 * HOUR),
        id_of({}, NOW, NOW + HOUR, nightly("01:00", "02:00").windows),
    ]
    assert len({one, *others}) == 5


def test_labels_with_a_closed_list_are_checked() -> None:
    """A class that does not exist would silence nothing, and nobody would notice."""
    assert set(CHOICES) < set(LABELS)
    assert expected_label("class", ("levle",)) == "expected one of change, level, volume, monitor, found 'levle'"
    assert expected_label("class", ("level",)) == expected_label("service", ("anything",)) == ""
    assert expected_label("team", ("search",), {"team"}) == ""
    assert expected_label("team", ("search",)).endswith("rule, metric, or a label that a rule gives")
