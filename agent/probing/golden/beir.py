"""BEIR's layout: `queries.jsonl`, `corpus.jsonl` where there is one, `qrels/*.tsv` (Thakur et al. 2021).

A language stands in `language`, or in `language` of `metadata`; a document's `collection` likewise.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct, field

from agent.errors import Misconfigured, Mistake
from agent.probing.golden.gathered import Gathered, lines_of, rows_of, shown

HEADER: Final = ("query-id", "corpus-id", "score")


class QueryLine(Struct):
    """A line of `queries.jsonl`."""

    id: str | int = field(name="_id")
    text: str
    language: str | None = None
    metadata: Any = None


class DocumentLine(Struct):
    """A line of `corpus.jsonl`; title and text are not looked at."""

    id: str | int = field(name="_id")
    language: str | None = None
    collection: str | None = None
    metadata: Any = None


Line = TypeVar("Line", QueryLine, DocumentLine)


def read(folder: Path, gathered: Gathered) -> None:
    """Take in a folder; raises Misconfigured where one of its files cannot be read."""
    tables = sorted(folder.joinpath("qrels").glob("*.tsv"))
    if not tables:
        raise Misconfigured([Mistake(str(folder / "qrels"), "", "expected judgements in *.tsv, found none")])
    _queries(folder / "queries.jsonl", gathered)
    for table in tables:
        _judgements(table, gathered)
    corpus = folder / "corpus.jsonl"
    if corpus.exists():
        _documents(corpus, gathered)


def _queries(file: Path, gathered: Gathered) -> None:
    for place, line in _objects(file, QueryLine, gathered):
        name = str(line.id)
        if name in gathered.queries:
            gathered.wrong(place, "_id", f"expected each id once, found {shown(name)} again")
        else:
            gathered.query(place, name, _told("language", line), line.text)


def _judgements(file: Path, gathered: Gathered) -> None:
    """Where a query could not be taken, judgements without one are not told: they may be its own."""
    refused = bool(gathered.mistakes)
    for place, query, document, grade in _filled(file, gathered):
        if query in gathered.queries:
            gathered.judgement(place, query, document, grade)
        elif not refused:
            gathered.wrong(place, "query-id", f"expected a query of queries.jsonl, found {shown(query)}")


def _filled(file: Path, gathered: Gathered) -> Iterator[tuple[str, ...]]:
    """Place, query, document and grade of each line."""
    header: list[str] = []
    for place, cells in rows_of(file, gathered):
        if not header:
            header = _header(place, cells)
        elif len(cells) != len(header) or not all(cells):
            gathered.wrong(place, "", f"expected {len(header)} filled cells between tabs, found {sum(map(bool, cells))}")
        else:
            said = dict(zip(header, cells, strict=True))
            yield (place, *(said[name].strip() for name in HEADER))


def _header(place: str, cells: list[str]) -> list[str]:
    if missing := [name for name in HEADER if name not in cells]:
        raise Misconfigured([Mistake(place, "", f"expected a header with {', '.join(HEADER)}: {', '.join(missing)} is missing")])
    return cells


def _documents(file: Path, gathered: Gathered) -> None:
    """Only documents that are judged are kept; a judged one that is missing is a mistake where it is judged."""
    judged = {document for documents in gathered.judged.values() for document in documents}
    known: set[str] = set()
    for place, line in _objects(file, DocumentLine, gathered):
        name = str(line.id)
        if name in known:
            gathered.wrong(place, "_id", f"expected each id once, found {shown(name)} again")
        elif name in judged:
            gathered.document(place, name, _told("language", line), _told("collection", line))
        known.add(name)
    for documents in gathered.judged.values():
        for name, judgement in documents.items():
            if name not in known:
                gathered.wrong(judgement.place, "corpus-id", f"expected a document of {file.name}, found {shown(name)}")


def _objects(file: Path, kind: type[Line], gathered: Gathered) -> Iterator[tuple[str, Line]]:
    decode: Callable[[bytes], Line] = msgspec.json.Decoder(kind).decode
    for place, text in lines_of(file):
        try:
            yield place, decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            gathered.wrong(place, "", f"expected a JSON object with _id{', text' * (kind is QueryLine)} and language: {error}")


def _told(name: str, line: QueryLine | DocumentLine) -> str | None:
    own = getattr(line, name)
    other = line.metadata.get(name) if isinstance(line.metadata, dict) else None
    return own if own is not None else other if isinstance(other, str) else None
