"""What nobody is to be told of for a while: which incidents, until when, and why. Pure.

A mute names labels with values, as a route does, and all of them must hold; without any it is about everything. A muted
incident stays what it is and is shown: only messages about it wait.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from agent.alerting.incident import Cause, Confirmed, Incident, IncidentClass, Severity
from agent.notify.route import LABELS, label_of
from agent.records import row_id

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Source = Literal["command", "file"]

WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)
LONGEST: Final = timedelta(days=90)
"""Of a mute that somebody types; what is to stay silent for longer belongs into the file, which others read too."""

CHOICES: Final[Mapping[str, Sequence[str]]] = {
    "severity": get_args(Severity),
    "class": get_args(IncidentClass),
    "cause": get_args(Cause),
    "confirmed": get_args(Confirmed),
}
FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = 60
WEEK: Final = 8 * 24 * HOUR  # whoever is silent for so many minutes on end is silent all week


class State(StrEnum):
    """What a mute does now."""

    ACTIVE = "active"
    WAITING = "waiting"  # it has not begun, or is between two of its windows
    OVER = "over"
    REMOVED = "removed"


class Between(Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """Times of a day as a clock on the wall shows them, `HH:MM`, without the last one; they may pass midnight."""

    start: str
    end: str


class Window(Struct, frozen=True):
    """When a mute that comes again is silent. A time that passes midnight belongs to the day on which it begins."""

    timezone: str
    weekdays: tuple[Weekday, ...] = WEEKDAYS
    times: tuple[Between, ...] = (Between("00:00", "24:00"),)


class Mute(Struct, frozen=True, kw_only=True):
    """Incidents with these labels are told to nobody, from `starts_at` (None: ever) until `ends_at` (None: for ever).

    With `windows` only inside them. `author` and `reason` are what people said.
    """

    id: str
    match: dict[str, tuple[str, ...]]
    reason: str
    author: str = ""
    created_at: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    windows: tuple[Window, ...] = ()
    source: Source = "command"
    removed_at: datetime | None = None


def id_of(
    match: Mapping[str, Sequence[str]], starts_at: datetime | None, ends_at: datetime | None, windows: Sequence[Window] = ()
) -> str:
    """The same for the same labels and times, by the minute: 16 hexadecimal digits."""
    labels = sorted((name, sorted(set(values))) for name, values in match.items())
    times = [at and f"{at.astimezone(UTC):%Y-%m-%dT%H:%M}" for at in (starts_at, ends_at)]
    return row_id(msgspec.json.encode([labels, times, windows]).decode())[:16]


def muting(incident: Incident, mutes: Iterable[Mute], now: datetime) -> Mute | None:
    """The mute that keeps an incident silent now, of several the one that lasts longest; None: it is to be told."""
    silent = (mute for mute in mutes if state(mute, now) is State.ACTIVE and matches(mute, incident))
    return max(silent, key=lambda mute: until(mute, now) or FOR_EVER, default=None)


def matches(mute: Mute, incident: Incident) -> bool:
    """Whether all labels hold; one that the incident lacks is an empty string."""
    return all(label_of(incident, name) in values for name, values in mute.match.items())


def state(mute: Mute, now: datetime) -> State:
    """What it does now."""
    if mute.removed_at is not None:
        return State.REMOVED
    if mute.ends_at is not None and mute.ends_at <= now:
        return State.OVER
    if mute.starts_at is not None and now < mute.starts_at:
        return State.WAITING
    return State.ACTIVE if not mute.windows or _covered(mute.windows, now) else State.WAITING


def until(mute: Mute, now: datetime) -> datetime | None:
    """When the silence of now ends; None where there is no end to be seen."""
    left = _left(mute.windows, now.astimezone(UTC).replace(second=0, microsecond=0)) if mute.windows else None
    return min((at for at in (left, mute.ends_at) if at is not None), default=None)


def expected_label(name: str, values: Collection[str], own: Collection[str] | None = ()) -> str:
    """What was expected of a label and its values; empty where they are good. `own`: the labels that rules give, None: not known."""
    if own is not None and name not in LABELS and name not in own:
        return f"expected one of {', '.join((*LABELS, *sorted(own)))}, or a label that a rule gives"
    known = CHOICES.get(name, values)
    wrong = next((value for value in values if value not in known), None)
    return f"expected one of {', '.join(known)}, found {wrong!r}" if wrong is not None else ""


@lru_cache(maxsize=1024)
def _left(windows: tuple[Window, ...], minute: datetime) -> datetime | None:
    """The first minute after this one that lies in no window: real minutes are counted, whatever clocks on walls do meanwhile."""
    ahead = (minute + count * MINUTE for count in range(1, WEEK))
    return next((at for at in ahead if not _covered(windows, at)), None)


def _covered(windows: Iterable[Window], at: datetime) -> bool:
    return any(_covers(window, at) for window in windows)


def _covers(window: Window, at: datetime) -> bool:
    local = at.astimezone(ZoneInfo(window.timezone))
    minute, day = local.hour * HOUR + local.minute, local.weekday()
    today, yesterday = (WEEKDAYS[number] in window.weekdays for number in (day, day - 1))
    return any(_shows(between, minute, today=today, yesterday=yesterday) for between in window.times)


def _shows(between: Between, minute: int, *, today: bool, yesterday: bool) -> bool:
    """Whether a clock that shows this minute is inside, on a day that counts or on the night after one."""
    start, end = minute_of_day(between.start), minute_of_day(between.end)
    if start < end:
        return today and start <= minute < end
    return (today and minute >= start) or (yesterday and minute < end)


def minute_of_day(text: str) -> int:
    """The minutes since midnight of a time `HH:MM`."""
    hours, _, minutes = text.partition(":")
    return int(hours) * HOUR + int(minutes)
