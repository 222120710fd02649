"""Durations and times as people write them: `90s`, `1h30m`, `14d`; `-7d`, `2026-11-01`, RFC 3339; and names of weeks."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

_UNITS: Final = {"y": 31_536_000_000, "w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_A_DURATION: Final = "a duration such as 30s, 5m, 1h30m or 14d"
_DURATION: Final = re.compile("".join(f"(?:([0-9]{{1,15}}){unit})?" for unit in _UNITS))
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RFC_3339: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})")


class WrittenDuration(timedelta):
    """A duration that is printed the way it was written: `24h` stays `24h`. It equals every other one of its length."""

    text: str

    def __new__(cls, text: str) -> "WrittenDuration":
        """Raise ValueError where the text is no duration."""
        try:
            duration = super().__new__(cls, milliseconds=_milliseconds(text))
        except OverflowError:
            raise ValueError(_A_DURATION) from None
        duration.text = text
        return duration

    def __reduce__(self) -> tuple[Any, ...]:
        return WrittenDuration, (self.text,)


def parse_duration(text: str) -> timedelta:
    """Read a duration as in Prometheus, zero or longer; raise ValueError that says what was expected."""
    return WrittenDuration(text)


def format_duration(duration: timedelta) -> str:
    """The duration as it was written, else in days, hours, minutes, seconds and milliseconds (what is finer is cut off)."""
    if isinstance(duration, WrittenDuration):
        return duration.text
    if duration < timedelta(0):
        return f"-{format_duration(-duration)}"
    left, parts = duration // timedelta(milliseconds=1), []
    for unit in ("d", "h", "m", "s", "ms"):
        count, left = divmod(left, _UNITS[unit])
        parts.append(f"{count}{unit}" if count else "")
    return "".join(parts) or "0s"


def parse_time(text: str, now: datetime) -> datetime:
    """Read a time in RFC 3339, a date (its midnight in UTC) or a span before `now` such as `-7d`.

    The answer is aware and in UTC. Raises ValueError that says what was expected.
    """
    try:
        if text.startswith("-"):
            return now.astimezone(UTC) - parse_duration(text[1:])
        if _DATE.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        if _RFC_3339.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("a time such as 2026-11-01T08:00:00Z, a date, or a span such as -14d")


def iso_week(day: date) -> str:
    """The ISO week that a day lies in: `2026-W46`."""
    year, number, _ = day.isocalendar()
    return f"{year}-W{number:02}"


def _milliseconds(text: str) -> int:
    found = _DURATION.fullmatch(text)
    if text == "0":
        return 0
    if not text or found is None:
        raise ValueError(_A_DURATION)
    return sum(int(count) * size for count, size in zip(found.groups(), _UNITS.values(), strict=True) if count)
