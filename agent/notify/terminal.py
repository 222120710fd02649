"""Where notifications go while no receiver is configured: a person's terminal, or the log of a container.

Strings from a log hold no escape sequences any more when they arrive here (`text.clean`), and rich's markup is off.
"""

import logging
from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.text import Text

from agent.notify.base import Message, Receipt

_COLOURS = {"info": "blue", "warning": "yellow", "critical": "red"}
_RESOLVED = "green"
PRINTED: Final[Receipt] = {"printed": "yes"}
"""What was printed stands above what comes later, as in a thread."""
_QUIET = "blue"

logger = logging.getLogger(__name__)


class TerminalNotifier:
    """Prints each message on standard error, or on the console it is given."""

    def __init__(self, name: str = "terminal", console: Console | None = None) -> None:
        self.name = name
        self._console = console or Console(stderr=True)

    def escape(self, text: str) -> str:
        """Nothing more to escape."""
        return text

    def send(self, message: Message) -> Receipt:
        """Print the message."""
        self._console.print(Text(message.title, style=f"bold {_colour(message)}"), soft_wrap=True)
        for line in _lines(message):
            self._console.print(Text(f"  {line}" if line else ""), soft_wrap=True)
        self._console.print()
        return PRINTED


class LogNotifier:
    """Writes each message as one line of the log."""

    def __init__(self, name: str = "log") -> None:
        self.name = name

    def escape(self, text: str) -> str:
        """Nothing more to escape."""
        return text

    def send(self, message: Message) -> Receipt:
        """Log the message."""
        line = " | ".join([message.title, *(line for line in _lines(message) if line)])
        fingerprints = [incident.fingerprint for incident in message.incidents] or [message.thread.key]
        logger.warning("%s", line, extra={"kind": message.kind, "fingerprint": ",".join(fingerprints)})
        return PRINTED


def _colour(message: Message) -> str:
    """Green for the end, else that of the loudest."""
    if message.kind == "resolved":
        return _RESOLVED
    return _COLOURS[message.incidents[0].severity] if message.incidents else _QUIET


def _lines(message: Message) -> Iterator[str]:
    yield from message.text.splitlines()
    yield ""
    yield from (f"{label}: {value}" for label, value in (*message.fields, *message.links))
