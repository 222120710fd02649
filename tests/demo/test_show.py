"""What the newcomer watches: nothing before there is something, one print a change, and a live screen where it fits."""

import io
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from agent.demo.show import PLAIN_S, REFRESH_S, TITLE, Show
from agent.errors import Unreachable
from agent.report.views import Report, Rows, Words
from tests.demo.test_screen import BEFORE, ROWS

UPDATED = datetime(2026, 11, 16, 8, 17, 42, tzinfo=UTC)
AFTER, EARLIER = {"from": "2026-11-16T08:17:00+00:00"}, {"from": "-15d", "to": "2026-11-16T08:17:00+00:00"}
EVERY = int(PLAIN_S / REFRESH_S)


class Told:
    """Views that answer what a test puts into them; `away` is a store that does not."""

    def __init__(self) -> None:
        self.rows: Rows = []
        self.open: Rows = []
        self.away = False
        self.asked: list[Words] = []

    def languages(self, words: Words) -> Rows:
        """The languages now, or before the update."""
        self.asked.append(words)
        if self.away:
            raise Unreachable("the store is away")
        return BEFORE if words == EARLIER else self.rows

    def alerts(self, words: Words) -> Rows:  # noqa: ARG002 - the port's
        """Open incidents."""
        if self.away:
            raise Unreachable("the store is away")
        return self.open

    def pairs(self, words: Words) -> Rows:  # noqa: ARG002 - the port's
        """Not shown."""
        return []

    def mutes(self, words: Words) -> Rows:  # noqa: ARG002 - the port's
        """None."""
        return []

    def report(self, words: Words) -> Report:  # noqa: ARG002 - the port's
        """None."""
        return {}

    def changes(self, words: Words) -> Rows:  # noqa: ARG002 - the port's
        """Not shown."""
        return []


def fall(summary: str, severity: str = "critical") -> dict[str, Any]:
    """An alert."""
    return {"class": "change", "severity": severity, "summary": summary}


class Looks(threading.Event):
    """A signal to stop that comes after so many looks, none of which takes time; before one of them something happens."""

    def __init__(self, looks: int, happens: dict[int, Callable[[], None]] | None = None) -> None:
        super().__init__()
        self._looks = looks
        self._happens = happens or {}
        self.done = 0

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002 - the event's
        """Count."""
        self.done += 1
        self._happens.get(self.done, lambda: None)()
        return self.done > self._looks


class Screen:
    """A show on a console of eighty columns."""

    def __init__(self, views: Told, *, lines: int | None = None) -> None:
        self._out = io.StringIO()
        console = Console(file=self._out, width=80, height=lines, force_terminal=lines is not None, color_system=None)
        self.show = Show(views, UPDATED, ["babelwatch alerts --store /tmp/demo"], console)

    def after(self, looks: int, happens: dict[int, Callable[[], None]] | None = None) -> str:
        """What was printed in so many seconds."""
        self.show.until(Looks(looks, happens))
        return self._out.getvalue()


@pytest.fixture
def views() -> Told:
    """Five languages since the update, no alert."""
    told = Told()
    told.rows = ROWS
    return told


def test_nothing_is_printed_before_there_is_something(views: Told) -> None:
    """The first seconds, while the log is read."""
    views.rows = []
    assert Screen(views).after(3 * EVERY) == ""


def test_the_first_rows_are_printed_at_once_and_then_now_and_then(views: Told) -> None:
    """A log file of the demo stays readable: one table in twenty seconds."""
    assert Screen(views).after(1).count(TITLE.split(":")[0]) == 1
    assert Screen(views).after(EVERY).count("Mean of all") == 1
    assert Screen(views).after(3 * EVERY + 1).count("Mean of all") == 4


def test_an_alert_is_printed_when_it_comes(views: Told) -> None:
    """The newest of the loudest; and when it is over the table comes again without it."""

    def fires() -> None:
        views.open = [fall("Turkish fell.", "warning"), fall("Spanish fell."), fall("An older one.")]

    def ends() -> None:
        views.open = []

    shown = Screen(views).after(12, {5: fires, 9: ends})
    assert shown.count("Mean of all") == 3
    assert shown.count("Spanish fell.") == 1
    assert "An older one." not in shown
    assert "Turkish fell." not in shown


def test_the_table_is_that_since_the_update_against_the_days_before(views: Told) -> None:
    """In whole minutes, as windows are; the past is read once."""
    shown = Screen(views).after(EVERY + 1)
    assert "▼ 12.0" in shown
    assert "babelwatch alerts --store /tmp/demo" in shown
    assert AFTER in views.asked
    assert views.asked.count(EARLIER) == 1


def test_a_store_that_is_away_is_looked_at_again(views: Told) -> None:
    """The screen waits; it does not end the demo."""

    def away() -> None:
        views.away = True

    def back() -> None:
        views.away = False

    assert Screen(views).after(20, {1: away, 9: back}).count("Mean of all") == 1


def test_a_terminal_is_drawn_in_place(views: Told) -> None:
    """Each second over the last one, without a line that scrolls away."""
    shown = Screen(views, lines=50).after(5)
    assert shown.count("Mean of all") >= 5
    assert shown.count("\x1b[1A") > 4 * 10


def test_before_the_first_rows_a_terminal_shows_the_past(views: Told) -> None:
    """Nobody looks at an empty screen."""
    views.rows = []
    assert "Thai" in Screen(views, lines=50).after(1)


def test_a_low_terminal_gets_plain_text(views: Told) -> None:
    """What is taller than the terminal cannot be drawn over: it is printed now and then instead."""
    shown = Screen(views, lines=12).after(EVERY + 2)
    assert shown.count("Mean of all") == 2
    assert "\x1b[1A" not in shown


def test_a_terminal_that_the_alert_fills_goes_on_in_plain_text(views: Told) -> None:
    """Everything is said: the alert that makes the screen too tall is printed whole."""

    def fires() -> None:
        views.open = [fall("Spanish fell. " * 20 + "Finis.")]

    shown = Screen(views, lines=18).after(8, {4: fires})
    assert shown.count("Finis.") == 1
    assert shown.index("\x1b[1A") < shown.index("Finis.")
