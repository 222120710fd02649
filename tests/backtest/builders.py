"""Tables, incidents and traffic for tests of the history."""

import gzip
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from agent.alerting.incident import Incident, IncidentClass, fingerprint
from agent.alerting.sums import Minute
from agent.backtest.days import Span
from tests.alerting.traffic import DAY, START, key, row

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


class Listed:
    """Minutes in a list."""

    def __init__(self, rows: Iterable[Minute]) -> None:
        self._rows = sorted(rows, key=attrgetter("minute"))

    def span(self) -> Span:
        """From the oldest row to the newest."""
        return Span(self._rows[0].minute, self._rows[-1].minute + 1)

    def rows(self, span: Span) -> Sequence[Minute]:
        """Those of a span."""
        first, end = (bisect_left(self._rows, minute, key=attrgetter("minute")) for minute in span)
        return self._rows[first:end]


def traffic(first: int, minutes: int, counts: tuple[int, ...], language: str = "de", version: str = "v41") -> list[Minute]:
    """The same every minute."""
    return [row(minute, key(language, version), *counts) for minute in range(first, first + minutes)]


def days_before(count: int, counts: tuple[int, ...] = (10, 9), language: str = "de") -> list[Minute]:
    """So many quiet days before START."""
    return traffic(START - count * DAY, count * DAY, counts, language)


def incident(language: str, hours: float, until: float | None = None, class_: IncidentClass = "change") -> Incident:
    """One that fired so many hours after NOON."""
    return Incident(
        fingerprint=fingerprint("help", "prod", language, class_),
        class_=class_,
        state="firing" if until is None else "resolved",
        severity="warning",
        cause="unknown",
        confirmed="yes",
        language=language,
        service="help",
        environment="prod",
        fired_at=NOON + timedelta(hours=hours),
        resolved_at=None if until is None else NOON + timedelta(hours=until),
    )


def write(path: Path, rows: Iterable[Minute]) -> Path:
    """Rows as a table with labels; gzipped where the name says so."""
    lines = ["timestamp,language,queries,hits,index_version,service"]
    for minute, group in groupby(rows, key=attrgetter("minute")):
        lines += [
            f"{minute * 60},{one.key.language},{one.events},{one.recall_sum // 1_000_000},{one.key.index_version},{one.key.service}"
            for one in group
        ]
    text = "\n".join(lines).encode()
    path.write_bytes(gzip.compress(text, 1) if path.suffix == ".gz" else text)
    return path
