"""Figures as a page shows them: pure."""

from datetime import UTC, datetime, timedelta
from typing import Final

from agent.alerting.incident import Incident
from agent.notify import words
from agent.notify.text import signed

NOTHING: Final = "–"
MINUS: Final = "−"


def percent(share: float | None) -> str:
    """.974 as `97.4 %`."""
    return NOTHING if share is None else f"{100 * share:.1f} %".replace("-", MINUS)


def points(difference: float | None) -> str:
    """A difference of shares in points: -.042 as `−4.2`."""
    return NOTHING if difference is None else signed(100 * difference)


def span(interval: tuple[float, float] | None) -> str:
    """A 95 % interval in percent: `96.1 to 98.4`."""
    return "" if interval is None else f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f}".replace("-", MINUS)


def count(number: float | None) -> str:
    """12345 as `12,345`."""
    return NOTHING if number is None else f"{number:,.0f}".replace("-", MINUS)


def when(at: datetime | None) -> str:
    """`2026-11-20 14:32 UTC`."""
    return NOTHING if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def lasting(length: timedelta) -> str:
    """`2 min`, `5 h`, `3 days`: one unit, rounded down."""
    minutes = max(length // timedelta(minutes=1), 0)
    if minutes < 2 * 60:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 2 * 24 else f"{hours // 24} days"


def language(tag: str) -> str:
    """The English name of a tag; `all languages` for what is about all."""
    return words.plain_name(tag)


def headline(incident: Incident) -> str:
    """What an incident is, the number first, as messages have it: `−12.4 points recall in Korean`."""
    return words.what([incident], str)
