"""What the rows of a minute say, measure by measure: where each belongs, found once for each window key."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple

from agent.alerting.changes import Version, collection_of, version_of
from agent.alerting.finding import Subject
from agent.alerting.grid import Grid, Series, Stream
from agent.alerting.ladder import Ladder
from agent.alerting.measures import Quality, Reading, first_hit_bin, known_language, readings, shares
from agent.alerting.rule import MEASURES, Condition, DropRule, Measure, applies
from agent.alerting.sums import Minute
from agent.language.codes import UNDETERMINED
from agent.records import WindowKey

BATCH: Final = 2000  # rows whose readings live at a time
Collections = tuple[Condition, ...]  # the conditions of a rule that choose among collections


class Place(NamedTuple):
    """Where a window key belongs, and how it is read; `rows` are those of the grid that it was found to be counted in.

    `shares` are those that rules ask for; with `of_all` only the one of queries whose language is known.
    """

    stream: Stream
    version: Version
    subject: Subject
    rules: tuple[DropRule, ...]
    hit_bin: int | None
    rows: dict[Measure, int]
    shares: frozenset[Measure] = frozenset()
    of_all: bool = False


class Counted(NamedTuple):
    """A row and where it belongs."""

    row: Minute
    place: Place

    @property
    def read(self) -> Iterator[Reading]:
        """What it says: read again where it is asked for, as most rows are in the grid only."""
        row, place = self
        if place.of_all:
            return iter((known_language(row),))
        found = readings(row, place.hit_bin)
        return chain(found, shares(row, place.shares)) if place.shares else found


def collections_of(rule: DropRule) -> Collections:
    """The conditions of a rule that choose among collections."""
    return tuple(condition for condition in rule.where if condition.field == "collection")


class Intake:
    """Puts rows into the grid, and shows each new row of the grid to the ladders that look at it."""

    def __init__(self, rules: Sequence[DropRule], quality: Quality, grid: Grid, ladders: Mapping[Collections, Ladder]) -> None:
        self._rules, self._quality, self._grid, self._ladders = rules, quality, grid, ladders
        self._shares = frozenset(measure for rule in rules for measure in rule.measures) - frozenset(MEASURES)
        self._places: dict[WindowKey, Place] = {}
        self._of_all: dict[WindowKey, Place] = {}
        self.series: dict[int, Series] = {}
        self.rows: dict[Subject, list[int]] = {}

    def take(self, rows: Iterable[Minute]) -> list[Counted]:
        """Count rows, in any number; those that no rule judges are left out."""
        rows = list(rows)
        counted = [Counted(row, place) for row in rows if (place := self.place(row.key)).rules]
        if "und" in self._shares:
            counted += [Counted(row, place) for row in rows if (place := self._undetermined(row.key)).rules]
        for start in range(0, len(counted), BATCH):
            batch = counted[start : start + BATCH]
            at = [(self._row(one.place, reading), one.row.minute, reading) for one in batch for reading in one.read]
            if at:
                self._grid.add(*map(list, zip(*at, strict=True)))
        return counted

    def place(self, key: WindowKey) -> Place:
        """Where a window key belongs."""
        found = self._places.get(key)
        if found is None:
            found = self._places[key] = Place(
                stream=Stream(collection_of(key), key.language),
                version=version_of(key),
                subject=Subject(key.service, key.environment, key.language, "change"),
                rules=tuple(rule for rule in self._rules if applies(rule, key)),
                hit_bin=first_hit_bin(key, self._quality),
                rows={},
                shares=self._shares,
            )
        return found

    def _undetermined(self, key: WindowKey) -> Place:
        """The share of queries without a language is one of all languages, and told as that of `und`."""
        key = key._replace(language=UNDETERMINED)
        if key not in self._of_all:
            meant = tuple(rule for rule in self._rules if rule.measures == ("und",) and _applies_elsewhere(rule, key))
            self._of_all[key] = self.place(key)._replace(rules=meant, rows={}, of_all=True)
        return self._of_all[key]

    def _row(self, place: Place, reading: Reading) -> int:
        row = place.rows.get(reading.measure)
        if row is None:  # a key has one model and score kind, hence one scale a measure
            row = place.rows[reading.measure] = self._admitted(place, reading)
        return row

    def _admitted(self, place: Place, reading: Reading) -> int:
        series = Series(place.stream, reading.measure, reading.scale)
        row = self._grid.row(series)
        if row not in self.series:
            self.series[row] = series
            self.rows.setdefault(place.subject, []).append(row)
            for collections in {collections_of(rule) for rule in place.rules}:
                self._ladders[collections].admit(row, series, place.subject)
        return row


def _applies_elsewhere(rule: DropRule, key: WindowKey) -> bool:
    return all(condition.holds(key) for condition in rule.where if condition.field != "language")
