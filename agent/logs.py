"""Logs go to standard error; a client that shouts is cut short."""

import logging
import time
from collections import Counter
from datetime import UTC, datetime

import msgspec

from agent import tracing
from agent.notify.text import clean

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
SHOUTING = ("kafka", "clickhouse_connect", "urllib3", "httpx", "httpcore", "opentelemetry")
SAID = ("receiver", "reason", "outcome", "kind", "fingerprint", "template")  # beside a record
BUSY = "kafka.net.selector"  # warns of its own tasks where the machine is busy, which says nothing to a reader
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


class Json(logging.Formatter):
    """One object a line; what was said with a record, and the trace in which it was said, are fields of their own."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        trace = {"exception": self.formatException(record.exc_info)} if record.exc_info else {}
        said = {name: value for name, value in vars(record).items() if name in SAID}
        own = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": clean(record.getMessage()),
        }
        return msgspec.json.encode({**own, **said, **tracing.ids(), **trace}).decode()


def configure(level: int = logging.INFO, most: int = MOST, *, json: bool = False) -> None:
    """Set up logging for a command; neighbours' libraries speak only when something is wrong, with `most` of 0 not at all."""
    handler = logging.StreamHandler()
    handler.addFilter(Hush(most))
    formatter = Json() if json else Line(FORMAT, datefmt="%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in SHOUTING:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    logging.getLogger(BUSY).setLevel(logging.ERROR)
