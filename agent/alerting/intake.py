"""What the rows of a minute say, measure by measure: where each belongs, found once for each window key."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from agent.alerting.changes import Version, collection_of, version_of
from agent.alerting.finding import Subject
from agent.alerting.grid import Grid, Series, Stream
from agent.alerting.ladder import Ladder
from agent.alerting.measures import Quality, Reading, first_hit_bin, known_language, readings, shares
from agent.alerting.rule import MEASURES, Condition, DropRule, Measure, applies
from agent.alerting.sums import Minute
from agent.language.codes import UNDETERMINED
from agent.records import WindowKey

Collections = tuple[Condition, ...]  # the conditions of a rule that choose among collections


class Place(NamedTuple):
    """Where a window key belongs, and how it is read."""

    stream: Stream
    version: Version
    subject: Subject
    rules: tuple[DropRule, ...]
    hit_bin: int | None
    rows: dict[Measure, int]  # of the grid: a key has one model and score kind, hence one row a measure


class Counted(NamedTuple):
    """A row, where it belongs, and what it says."""

    row: Minute
    place: Place
    read: tuple[Reading, ...]


def collections_of(rule: DropRule) -> Collections:
    """The conditions of a rule that choose among collections."""
    return tuple(condition for condition in rule.where if condition.field == "collection")


class Intake:
    """Puts rows into the grid, and shows each new row of the grid to the ladders that look at it."""

    def __init__(self, rules: Sequence[DropRule], quality: Quality, grid: Grid, ladders: Mapping[Collections, Ladder]) -> None:
        self._rules, self._quality, self._grid, self._ladders = rules, quality, grid, ladders
        self._shares = frozenset(measure for rule in rules for measure in rule.measures) - frozenset(MEASURES)
        self._places: dict[WindowKey, Place] = {}
        self.series: dict[int, Series] = {}
        self.rows: dict[Subject, list[int]] = {}

    def take(self, rows: Iterable[Minute]) -> list[Counted]:
        """Count rows, in any number; those that no rule judges are left out."""
        rows = list(rows) if self._shares else rows
        counted = [Counted(row, place, self._read(row, place)) for row in rows if (place := self.place(row.key)).rules]
        if "und" in self._shares:
            counted += [Counted(row, place, (known_language(row),)) for row in rows if (place := self._undetermined(row.key)).rules]
        at = [(self._row(one.place, reading), one.row.minute, reading) for one in counted for reading in one.read]
        if at:
            self._grid.add(*map(list, zip(*at, strict=True)))
        return counted

    def _read(self, row: Minute, place: Place) -> tuple[Reading, ...]:
        found = readings(row, place.hit_bin)
        return (*found, *shares(row, self._shares)) if self._shares else tuple(found)

    def _undetermined(self, key: WindowKey) -> Place:
        """The share of queries without a language is one of all languages, and told as that of `und`."""
        meant = [rule for rule in self._rules if rule.measures == ("und",) and _applies_elsewhere(rule, key)]
        place = self.place(key._replace(language=UNDETERMINED))
        return place._replace(rules=tuple(meant))

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
            )
        return found

    def _row(self, place: Place, reading: Reading) -> int:
        row = place.rows.get(reading.measure)
        if row is None:
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
