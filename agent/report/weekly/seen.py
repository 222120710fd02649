"""Everything that a report is made of, and one of its two times read."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from agent.alerting.incident import Incident
from agent.alerting.measures import Quality
from agent.alerting.minutes import DAY
from agent.alerting.statistics import Sums
from agent.alerting.sums import Minute
from agent.probing.kept import GoldenRun, ProbeRun
from agent.report import tables
from agent.report.weekly.model import Level
from agent.report.weekly.period import Period
from agent.report.weekly.readings import Key, Read, add, key_of, level, mean, read, real
from agent.report.weekly.wobble import Past14
from agent.store.base import Entry, Total

Row = Mapping[str, Any]


class Seen(NamedTuple):
    """What was read; `now` and `before` are sums by `readings.BY`, `days` those of each day (UTC) of both times.

    `span`: from when to when the store has minutes. `users`, `all_users`: distinct sessions. `asked`: the languages that active
    checks ask. `where`: the filters. Incidents are as they stood at the end of the time.
    """

    period: Period
    span: tuple[datetime, datetime]
    now: Sequence[Total]
    before: Sequence[Total]
    days: Sequence[Minute]
    past: Past14
    incidents: Sequence[Incident]
    changes: Sequence[Entry]
    golden: Sequence[GoldenRun]
    probes: Sequence[ProbeRun]
    quality: Quality
    users: Mapping[str, int] = {}
    all_users: int = 0
    asked: frozenset[str] = frozenset()
    where: Mapping[str, str] = {}

    @property
    def covered(self) -> tuple[float, float]:
        """The share of the time, and of the one before, that the store has."""
        times = ((self.period.start, self.period.end), (self.period.before, self.period.start))
        found = (max(0.0, (min(end, self.span[1]) - max(start, self.span[0])) / (end - start)) for start, end in times)
        now, before = found
        return now, before

    @property
    def lengths(self) -> tuple[int, int]:
        """How many minutes of both the store has."""
        before = (self.period.start - self.period.before).total_seconds() / 60
        return round(self.covered[0] * self.period.minutes), round(self.covered[1] * before)


class Side(NamedTuple):
    """One of both times: the rows of its table, its sums, the level of each language, and what it is read by."""

    rows: Sequence[Row]
    sums: Read
    levels: Mapping[str, Level]
    keys: Mapping[str, Key]

    def row(self, tag: str) -> Row:
        """A language's row, zeros where it has none."""
        return next((row for row in self.rows if row["language"] == tag), {"queries": 0, "events": 0})


def side(seen: Seen, totals: Iterable[Total], minutes: int) -> Side:
    """Read one of both times, of which the store has so many minutes."""
    sums = read(totals, seen.quality)
    rows = tables.rows(totals, ("language",), seen.quality, seen.incidents, tables.Seen(minutes / DAY, seen.asked))
    levels = {row["language"]: found for row in real(rows) if (found := level(row, sums[row["language"]]))}
    keys = {tag: key for tag, each in levels.items() if (key := key_of(each, sums[tag]))}
    return Side(rows, sums, levels, keys)


def by_day(seen: Seen, keys: Mapping[str, Key]) -> dict[str, tuple[float | None, ...]]:
    """The measure of each language on each day, oldest first, None on a day without."""
    if not seen.days:
        return {}
    sums: dict[tuple[str, int], dict[Key, Sums]] = {}
    for row in seen.days:
        add(sums.setdefault((row.key.language, row.minute // DAY), {}), row, seen.quality)
    days = range(min(row.minute for row in seen.days) // DAY, max(row.minute for row in seen.days) // DAY + 1)
    return {tag: tuple(_mean(sums.get((tag, day), {}).get(key)) for day in days) for tag, key in keys.items()}


def _mean(sums: Sums | None) -> float | None:
    return mean(sums) if sums and sums.n else None
