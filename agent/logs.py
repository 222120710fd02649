"""Logs go to standard error; a client that shouts is cut short."""

import logging
import time
from collections import Counter

from agent.notify.text import clean

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
SHOUTING = ("kafka", "clickhouse_connect", "urllib3", "httpx", "httpcore")
MOST = 3
PERIOD_S = 60.0


class Hush(logging.Filter):
    """Lets three records of a logger through a minute: kafka-python writes up to a thousand a second while the broker is away."""

    def __init__(self, most: int = MOST) -> None:
        super().__init__()
        self._most = most
        self._until = 0.0
        self._seen: Counter[str] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        if record.created >= self._until:
            self._until = record.created + PERIOD_S
            self._seen.clear()
        self._seen[record.name] += 1
        return not record.name.startswith(SHOUTING) or self._seen[record.name] <= self._most


class Line(logging.Formatter):
    """One line a record, whatever the names from a log that it tells of; only a trace has more."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        """The record without line breaks and control characters."""
        return clean(super().formatMessage(record))


def configure(level: int = logging.INFO, most: int = MOST) -> None:
    """Set up logging for a command; neighbours' libraries speak only when something is wrong, with `most` of 0 not at all."""
    handler = logging.StreamHandler()
    handler.addFilter(Hush(most))
    formatter = Line(FORMAT, datefmt="%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in SHOUTING:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
