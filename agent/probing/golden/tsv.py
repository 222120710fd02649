"""One table for a whole golden set: a line for each relevant document of a query, cells between tabs, no quoting."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from agent.errors import Misconfigured, Mistake
from agent.language.codes import canonical
from agent.probing.golden.gathered import Gathered, rows_of, shown

REQUIRED: Final = ("language", "query", "doc_id")
COLUMNS: Final = ("query_id", *REQUIRED, "grade", "document_language")
Names = dict[tuple[str, str], str]
"""The id of each language and text, where the table has no ids."""


def read(file: Path, gathered: Gathered) -> None:
    """Take in a table; without `query_id` lines of the same language and text are one query, named after the first.

    Raises Misconfigured where it cannot be read, or its header is wrong.
    """
    header: list[str] = []
    names: Names = {}
    for place, cells in rows_of(file, gathered):
        if not header:
            header = _header(place, cells)
        elif len(cells) != len(header):
            gathered.wrong(place, "", f"expected {len(header)} cells between tabs, found {len(cells)}")
        else:
            _take(place, dict(zip(header, cells, strict=True)), names, gathered)


def _header(place: str, cells: list[str]) -> list[str]:
    wrong = [f"expected a column {name}" for name in REQUIRED if name not in cells]
    wrong += [f"expected one of {', '.join(COLUMNS)}, found {shown(name)}" for name in cells if name not in COLUMNS]
    wrong += [f"expected each column once, found {name} again" for name in sorted({*cells}) if cells.count(name) > 1]
    if wrong:
        raise Misconfigured([Mistake(place, "", expected) for expected in wrong])
    return cells


def _take(place: str, cells: Mapping[str, str], names: Names, gathered: Gathered) -> None:
    """A line without a document is a query that nobody has judged."""
    language, text = cells["language"], cells["query"]
    line = f"line {place.rpartition(':')[2]}"
    name = cells["query_id"] if "query_id" in cells else names.setdefault((language, text), line)
    known = gathered.queries.get(name)
    if not name:
        gathered.wrong(place, "query_id", "expected an id, found nothing")
    elif known and (known.language, known.text) != (canonical(language), text):
        gathered.wrong(place, "query_id", f"expected one query by the id {shown(name)}, found another in {known.place}")
    elif (known or gathered.query(place, name, language, text)) and (document := cells["doc_id"]):
        gathered.judgement(place, name, document, cells.get("grade", "").strip() or "1")
        gathered.document(place, document, cells.get("document_language") or None)
