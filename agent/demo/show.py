"""What the newcomer watches: a live screen on a terminal, plain text now and then where there is none or too low a one."""

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from rich.console import Console
from rich.live import Live

from agent.alerting.finding import SEVERITIES
from agent.demo.screen import panel
from agent.errors import BabelwatchError
from agent.report.views import Rows, Views

REFRESH_S: Final = 1.0
PLAIN_S: Final = 20.0
TITLE: Final = "babelwatch demo: a help centre asked in fourteen languages got a new index; the mean went up. Ctrl-C ends it."


class Show:
    """Reads the store as a second shell would, and draws it."""

    def __init__(self, views: Views, updated: datetime, commands: Sequence[str], console: Console, page: str = "") -> None:
        self._views = views
        self._updated = updated.replace(second=0, microsecond=0).isoformat()
        self._commands = commands
        self._console = console
        self._page = page
        self._before: Rows = []

    def until(self, stop: threading.Event) -> None:
        """Draw until told to stop."""
        if self._console.is_terminal:
            self._live(stop)
        self._plain(stop)

    def _live(self, stop: threading.Event) -> None:
        """Draw in place while all of it fits: of a taller one each refresh would leave a copy of the top behind."""
        with Live(console=self._console, auto_refresh=False, vertical_overflow="visible") as live:
            while not stop.wait(REFRESH_S):
                shown = self._panel()
                if len(self._console.render_lines(shown)) >= self._console.height:
                    return
                live.update(shown, refresh=True)

    def _plain(self, stop: threading.Event) -> None:
        """Print when there is something to see, when the alert comes, and every twenty seconds."""
        waited, told = PLAIN_S, ""
        while not stop.wait(REFRESH_S):
            waited += REFRESH_S
            alert = self._alert()
            if self._rows() and (waited >= PLAIN_S or alert != told):
                self._console.print(self._panel())
                waited, told = 0.0, alert

    def _panel(self) -> Any:
        alert = self._alert() or None  # before the rows: what it fires for is firing there
        return panel(TITLE, self._rows() or self._usual(), self._usual(), alert, self._commands, page=self._page)

    def _rows(self) -> Rows:
        """The languages since the update."""
        return self._read("languages", {"from": self._updated})

    def _usual(self) -> Rows:
        """The languages before it, read once."""
        self._before = self._before or self._read("languages", {"from": "-15d", "to": self._updated})
        return self._before

    def _alert(self) -> str:
        """The loudest fall, the newest of several: languages that were low from the first day are no news."""
        falls = [one for one in self._read("alerts", {}) if one.get("class") == "change"]
        loudest = max(falls, key=lambda one: SEVERITIES.index(one["severity"]), default={})
        return str(loudest.get("summary", ""))

    def _read(self, name: str, words: dict[str, str]) -> Rows:
        try:
            rows: Rows = getattr(self._views, name)(words)
        except BabelwatchError:
            return []
        return rows
