"""Which queries of a log are those of a golden run: by their texts, hashed with a key of the run.

For a service that forwards neither header nor baggage. The texts cannot be read from the hashes; the key makes those of two
runs differ.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final, NamedTuple
from unicodedata import normalize

from agent.probing.kept import OpenRun

EARLIER: Final = timedelta(minutes=1)  # a service's clock may be behind ours
KEY_BYTES: Final = 16


def normalised(text: str) -> str:
    """The text as a service is likely to log it: without white space around it, composed (NFC)."""
    return normalize("NFC", text.strip())


def mark(key: str, text: str) -> str:
    """The text hashed with the key, 16 bytes in hexadecimal digits; raises ValueError for a key in other digits."""
    said = normalised(text).encode("utf-8", "surrogatepass")
    return blake2b(said, digest_size=16, key=bytes.fromhex(key)).hexdigest()


def is_marked(key: str, marks: Collection[str], text: str) -> bool:
    """Whether the text is one of those."""
    return mark(key, text) in marks


class _Run(NamedTuple):
    start: int
    end: int
    key: str
    marks: frozenset[str]


class Marked:
    """Tells the queries of open runs from those of users, one hash an event and run that is open at its time."""

    def __init__(self, runs: Iterable[OpenRun]) -> None:
        self._runs = tuple(_Run(_ms(run.at - EARLIER), _ms(run.until), run.key, frozenset(run.queries)) for run in runs)

    def has(self, at: int, text: str | None) -> bool:
        """Whether a query at this event time (epoch milliseconds) belongs to a run; one without its text never does."""
        return bool(text) and any(run.start <= at <= run.end and is_marked(run.key, run.marks, text or "") for run in self._runs)


def _ms(time: datetime) -> int:
    return int(time.timestamp() * 1000)
