"""The map of query language against document language, and where asking across languages costs most. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from agent.alerting.rule import NO_LANGUAGE
from agent.errors import Misconfigured, Mistake
from agent.language.codes import UNDETERMINED
from agent.report.pages import measure
from agent.report.pages.measure import NAMES, SCORES, Figure, Move, Name
from agent.report.pages.shades import Scale, scale_of
from agent.report.pages.span import Span
from agent.report.tables import Row

MOST: Final = 30
"""As many languages on each side, those with most queries; a table of all is asked for."""
LEAST: Final = 30
"""A pair with fewer queries is shown, and neither shaded nor compared."""
GAPS: Final = 10
EVERYTHING: Final = "all"
OWN: Final = ("language", "document_language", "measure", "show")
"""The words of the address that this page reads itself."""

Tags = tuple[str, str]
"""Query language and document language."""


class Asked(NamedTuple):
    """What the address asks for: languages (empty: every one), the measure (None: the best), and whether all are shown."""

    language: str = ""
    document_language: str = ""
    measure: Name | None = None
    everything: bool = False

    def admits(self, tags: Tags) -> bool:
        """Whether a pair is meant."""
        return self.language in {"", tags[0]} and self.document_language in {"", tags[1]}


class Cell(NamedTuple):
    """One pair: `shade` is its step of the scale, `enough`: it is compared, `same`: asked in the language of its documents."""

    language: str
    document_language: str
    figure: Figure | None
    queries: int
    shade: int | None
    enough: bool
    same: bool


class Line(NamedTuple):
    """One query language: its cells in the order of the columns, None where there are no queries."""

    language: str
    queries: int
    cells: Sequence[Cell | None]


class Gap(NamedTuple):
    """A pair that lies below `against`, which is asked in the language of its documents; `move` is the difference."""

    cell: Cell
    against: Cell
    move: Move


class Side(NamedTuple):
    """The languages of one side: `shown` of all that there are, by volume, and how many were too many for one table."""

    shown: Sequence[str] = ()
    all: Sequence[str] = ()
    left_out: int = 0


class PairsPage(NamedTuple):
    """The map and its gaps; `choices`: how many pairs have enough queries for each measure, `compared`: how many are across languages.

    `scales`: so many combinations of model and kind of score there are; bare scores of several are no choice, as they do not compare.
    """

    span: Span | None
    measure: Name | None = None
    choices: Mapping[Name, int] = {}
    scale: Scale | None = None
    lines: Sequence[Line] = ()
    queries: Side = Side()
    documents: Side = Side()
    gaps: Sequence[Gap] = ()
    compared: int = 0
    scales: int = 1

    @property
    def tells(self) -> bool:
        """Whether the language of any document is known."""
        return any(tag not in NO_LANGUAGE for tag in self.documents.all)


def asked(words: Mapping[str, str]) -> tuple[Asked, dict[str, str]]:
    """What the words of the address ask of this page, and the words that all tables know; raises Misconfigured."""
    own = {key: words.get(key, "") for key in OWN}
    mistakes = [
        Mistake("", key, f"{own[key]!r}: expected one of {', '.join(known)}")
        for key, known in (("measure", NAMES), ("show", (EVERYTHING,)))
        if own[key] not in {"", *known}
    ]
    if mistakes:
        raise Misconfigured(mistakes)
    name = next((one for one in NAMES if one == own["measure"]), None)
    others = {key: value for key, value in words.items() if key not in own}
    return Asked(own["language"], own["document_language"], name, own["show"] == EVERYTHING), others


def page(span: Span, rows: Sequence[Row], wanted: Asked, scales: int = 1) -> PairsPage:
    """The map of these rows of the table of pairs, in one measure, so that its cells compare."""
    names = NAMES if scales <= 1 else tuple(one for one in NAMES if one != SCORES)
    choices = {name: sum(_judged(row, name) is not None for row in rows) for name in names}
    name = wanted.measure if wanted.measure in names else _best(rows, choices)
    scale = scale_of(name, [figure.value for row in rows if (figure := _judged(row, name))])
    cells = {_tags(row): _cell(row, name, scale) for row in rows}
    across = [cell for cell in cells.values() if cell.enough and not cell.same and wanted.admits(cell[:2])]
    gaps = sorted(_gaps(across, cells), key=lambda gap: (gap.move.by, gap.cell[:2]))
    queries = _side(((cell.language, cell.queries) for cell in cells.values()), wanted.language, everything=wanted.everything)
    documents = _side(
        ((cell.document_language, cell.queries) for cell in cells.values()), wanted.document_language, everything=wanted.everything
    )
    return PairsPage(
        span,
        name,
        choices,
        scale,
        _lines(cells, queries.shown, documents.shown, gaps),
        queries,
        documents,
        gaps[:GAPS],
        len(across),
        scales,
    )


def _tags(row: Row) -> Tags:
    return row["language"], row["document_language"]


def _judged(row: Row, name: Name | None) -> Figure | None:
    """The measure of a pair of two known languages that has enough queries to say something in it."""
    figure = measure.figure(row, name)
    return figure if figure and figure.n >= LEAST and not any(tag in NO_LANGUAGE for tag in _tags(row)) else None


def _best(rows: Sequence[Row], choices: Mapping[Name, int]) -> Name | None:
    """The best measure that most pairs have, of those that have enough queries for any; else the one that most have."""
    judged = sum(any(_judged(row, name) for name in choices) for row in rows)
    if not judged:
        return next((name for name in choices if any(row[name] is not None for row in rows)), None)
    most: Name = max(choices, key=choices.__getitem__)
    return next((name for name, n in choices.items() if n * 2 > judged), most)


def _cell(row: Row, name: Name | None, scale: Scale | None) -> Cell:
    judged, tags = _judged(row, name), _tags(row)
    shade = scale.step(judged.value) if scale and judged else None
    same = tags[0] == tags[1] and tags[0] not in NO_LANGUAGE
    return Cell(*tags, measure.figure(row, name), row["queries"], shade, judged is not None, same)


def _gaps(across: Iterable[Cell], cells: Mapping[Tags, Cell]) -> Iterator[Gap]:
    """The pairs that the interval calls worse than the same query language in its own documents.

    Where nothing is written in that language, worse than the same documents asked in theirs.
    """
    for cell in across:
        known = (cells.get((tag, tag)) for tag in cell[:2])
        against = next((one for one in known if one is not None and one.enough), None)
        moved = measure.move(cell.figure, against.figure) if against else None
        if against and moved and moved.word == "worse":
            yield Gap(cell, against, moved)


def _side(volumes: Iterable[tuple[str, int]], only: str, *, everything: bool) -> Side:
    counts = Counter[str]()
    for tag, queries in volumes:
        counts[tag] += queries
    known = sorted(counts, key=lambda tag: (tag in NO_LANGUAGE, tag == UNDETERMINED, -counts[tag], tag))
    meant = [tag for tag in known if only in {"", tag}]
    most = len(meant) if everything else MOST
    return Side(meant[:most], known, len(meant[most:]))


def _lines(cells: Mapping[Tags, Cell], rows: Sequence[str], columns: Sequence[str], gaps: Sequence[Gap]) -> list[Line]:
    """The language with the largest gap first, those without one by volume."""
    place = {gap.cell.language: n for n, gap in reversed([*enumerate(gaps)])}
    ordered = sorted(rows, key=lambda tag: place.get(tag, len(gaps)))
    found = [(tag, [cells.get((tag, other)) for other in columns]) for tag in ordered]
    return [Line(tag, sum(cell.queries for cell in line if cell), line) for tag, line in found]
