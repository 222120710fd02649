"""What a run scored, query by query: what is compared with another run, and kept in the journal."""

import base64
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agent.records import row_id
from agent.store.base import Entry, Journal

SCORES: Final = "golden_scores"
MICRO: Final = 1_000_000


class Group(NamedTuple):
    """Whose queries are scored together: a query language, and the language of the relevant documents where it is known."""

    language: str
    document_language: str = ""


class Scores(NamedTuple):
    """The scored queries of one group, in the order of `queries`, each once.

    `queries`: (n,) keys made by `query_key`. `measures`: name such as ndcg@10 -> (n,) values in 0..1.
    """

    queries: NDArray[np.uint64]
    measures: Mapping[str, NDArray[np.float64]]


def query_key(language: str, text: str, relevant: Iterable[str]) -> int:
    """Which question this is: language, text and relevant documents, as 64 bits. The text cannot be read from it."""
    said = "\x1f".join((language, text, *sorted(relevant)))
    return int.from_bytes(blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def entry_of(run: str, at: datetime, group: Group, scores: Scores) -> Entry:
    """The journal's row of one group of a run; values in millionths."""
    body = {
        "run": run,
        **group._asdict(),
        "queries": _packed(scores.queries.astype("<u8")),
        "measures": {name: _packed(np.rint(values * MICRO).astype("<i4")) for name, values in scores.measures.items()},
    }
    return Entry(SCORES, row_id("/".join((run, *group))), at, body)


def scores_of(journal: Journal, run: str, at: datetime, measure: str | None = None) -> dict[Group, Scores]:
    """What a run that ended at this time has scored; only this measure, where one is named: a large run takes its time."""
    rows = (entry.body for entry in journal.read(SCORES, at, at))
    return {Group(body["language"], body["document_language"]): _scores(body, measure) for body in rows if body["run"] == run}


def checked(entry: Entry) -> Entry:
    """The row as it would be written; raises ValueError, KeyError or TypeError where it is none."""
    body, group = entry.body, Group(str(entry.body["language"]), str(entry.body["document_language"]))
    scores = _scores(body, None)
    if any(len(values) != len(scores.queries) for values in scores.measures.values()):
        raise ValueError("a value for each query")
    return Entry(SCORES, row_id("/".join((str(body["run"]), *group))), entry.at, body)


def _scores(body: Mapping[str, Any], measure: str | None) -> Scores:
    wanted = {name: text for name, text in body["measures"].items() if measure in {None, name}}
    measures = {name: _unpacked(text, "<i4") / MICRO for name, text in wanted.items()}
    return Scores(_unpacked(body["queries"], "<u8").astype(np.uint64), measures)


def _packed(values: NDArray[Any]) -> str:
    """Compressed: a measure has few different values, and a large run is read whole."""
    return base64.b64encode(zlib.compress(values.tobytes(), level=1)).decode()


def _unpacked(text: str, kind: str) -> NDArray[Any]:
    try:
        return np.frombuffer(zlib.decompress(base64.b64decode(text, validate=True)), dtype=kind)
    except zlib.error as error:
        raise ValueError("compressed figures") from error
