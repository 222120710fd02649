"""Where notifications go while no receiver is configured: a person's terminal, or the log of a container.

Strings from a log hold no escape sequences any more when they arrive here (`text.clean`), and rich's markup is off.
"""

import logging
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from agent.notify.base import Message

_COLOURS = {"info": "blue", "warning": "yellow", "critical": "red"}
_RESOLVED = "green"

logger = logging.getLogger(__name__)


class TerminalNotifier:
    """Prints each message on standard error, or on the console it is given."""

    def __init__(self, name: str = "terminal", console: Console | None = None) -> None:
        self.name = name
        self._console = console or Console(stderr=True)

    def escape(self, text: str) -> str:
        """Nothing more to escape."""
        return text

    def send(self, message: Message) -> None:
        """Print the message."""
        resolved = message.incident.state == "resolved"
        colour = _RESOLVED if resolved else _COLOURS[message.incident.severity]
        self._console.print(Text(message.title, style=f"bold {colour}"), soft_wrap=True)
        for line in _lines(message):
            self._console.print(Text(f"  {line}" if line else ""), soft_wrap=True)
        self._console.print()


class LogNotifier:
    """Writes each message as one line of the log."""

    def __init__(self, name: str = "log") -> None:
        self.name = name

    def escape(self, text: str) -> str:
        """Nothing more to escape."""
        return text

    def send(self, message: Message) -> None:
        """Log the message."""
        line = " | ".join([message.title, *(line for line in _lines(message) if line)])
        extra = {"fingerprint": message.incident.fingerprint, "state": message.incident.state}
        logger.warning("%s", line, extra=extra)


def _lines(message: Message) -> Iterator[str]:
    yield from message.text.splitlines()
    yield ""
    yield from (f"{label}: {value}" for label, value in (*message.fields, *message.links))
