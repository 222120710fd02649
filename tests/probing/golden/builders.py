"""Small golden sets, in memory and as files."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.probing.golden.dataset import Dataset, Query
from agent.probing.golden.sending import Load

NOW = datetime(2026, 11, 23, 5, 0, 0, 123456, tzinfo=UTC)
LOAD = Load(depth=100, rate=1000.0, concurrency=1)


def query(name: str, language: str = "en", relevant: Mapping[str, int] | None = None, documents: str = "en") -> Query:
    """A query whose text is its name."""
    return Query(name, language, f"text of {name}", relevant or {f"{name}-doc": 1}, documents)


def dataset(*queries: Query) -> Dataset:
    """A set without a file."""
    return Dataset("memory", queries, ())


def beir(folder: Path, queries: Iterable[Any], judgements: Iterable[str], documents: Iterable[Any] | None = None) -> Path:
    """A folder in BEIR's layout; lines that are text or bytes are written as they are."""
    folder.joinpath("qrels").mkdir(parents=True)
    write(folder / "queries.jsonl", queries)
    write(folder / "qrels" / "test.tsv", ["query-id\tcorpus-id\tscore", *judgements])
    if documents is not None:
        write(folder / "corpus.jsonl", documents)
    return folder


def write(file: Path, lines: Iterable[Any]) -> Path:
    """Lines, JSON where they are neither text nor bytes."""
    said = (line if isinstance(line, bytes) else (line if isinstance(line, str) else json.dumps(line)).encode() for line in lines)
    file.write_bytes(b"".join(line + b"\n" for line in said))
    return file
