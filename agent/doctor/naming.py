"""What a log with other names calls our fields, guessed by the names of its keys: nothing is taken from the values but their types."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from agent.decode.native import NativeDecoder
from agent.records import Partition, RawMessage

NAMES: Final[Mapping[str, tuple[str, ...]]] = {  # the more telling first
    "event_id": (
        "eventid",
        "requestid",
        "queryid",
        "searchid",
        "traceid",
        "spanid",
        "reqid",
        "messageid",
        "uuid",
        "guid",
        "id",
        "trace",
    ),
    "timestamp": ("eventtime", "timestamp", "datetime", "createdat", "requestedat", "ts", "time", "at", "date", "when", "t"),
    "query": ("querytext", "userquery", "searchquery", "query", "question", "searchterm", "prompt", "text", "q", "input"),
    "query_language": ("querylanguage", "querylang", "truelanguage", "language", "lang"),
    "locale": ("locale", "acceptlanguage", "uilanguage"),
    "service": ("service", "servicename", "app", "application"),
    "environment": ("environment", "env", "stage"),
    "collection": ("collection", "indexname", "corpus", "datasource", "kb", "namespace"),
    "embedding_model": ("embeddingmodel", "embedmodel", "embedder", "encoder", "model", "modelname"),
    "index_version": ("indexversion", "indexbuild", "snapshot", "index"),
    "results": ("results", "hits", "documents", "docs", "matches", "candidates", "retrieved", "chunks", "passages"),
    "score_kind": ("scorekind", "scoretype", "metric", "similaritymetric"),
    "latency_ms": ("latencyms", "durationms", "tookms", "took", "elapsedms"),
    "session": ("sessionid", "session", "conversationid", "userid", "user"),
    "relevant": ("relevant", "relevantids", "relevantdocs", "goldids", "gold", "labels"),
}
PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "doc_id": ("docid", "documentid", "chunkid", "id", "uuid", "key"),
    "score": ("score", "similarity", "relevance", "relevancescore"),
    "language": ("language", "lang", "locale"),
}
REQUIRED: Final = ("event_id", "timestamp")
DEEPEST: Final = 3
LOOKED_AT: Final = 200  # messages
SECONDS: Final = (946_684_800, 10**10)  # since 1970: from 2000 to where milliseconds would be of 1970
KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "event_id": (str, int),
    "timestamp": (str, int, float),
    "results": (list,),
    "relevant": (list, dict),
    "latency_ms": (int, float),
}

_KEY = re.compile(r"[A-Za-z_@$][A-Za-z0-9_.$-]{0,39}")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NO_NAME = re.compile(r"[^a-z0-9]")


class Proposal(NamedTuple):
    """A mapping, and how many of so many messages could be read with it. `seconds`: its time is in seconds, which no mapping makes milliseconds."""

    mapping: Mapping[str, str]
    read: int
    of: int
    seconds: bool = False

    def line(self) -> str:
        """As it stands in a file of settings: JSON's quotes are YAML's."""
        return f"{{{', '.join(f'{field}: {_quoted(theirs)}' for field, theirs in self.mapping.items())}}}"


class Key(NamedTuple):
    """A key that half of the messages have: the path to it, what it is called, and the value of one message, of which only the type is told."""

    path: str
    names: frozenset[str]
    value: Any


def propose(values: Sequence[bytes], mapping: Mapping[str, str], now_ms: int) -> Proposal | None:
    """What to add to the mapping that is set; None where nothing has a name that we know."""
    looked = values[:LOOKED_AT]
    records = [record for value in looked if isinstance(record := _record(value), dict)]
    own = {name for name in NAMES if sum(name in record for record in records) >= len(records) / 2}
    keys = [key for key in _keys(records) if key.path not in own]
    found: dict[str, Key] = {}
    for name in (name for name in NAMES if name not in own and name not in mapping):
        if key := _best(name, [key for key in keys if key not in found.values()]):
            found[name] = key
    if not found:
        return None
    proposed = {name: _expression(name, key) for name, key in found.items()}
    accepted, _ = NativeDecoder({**mapping, **proposed}).decode_all(
        [RawMessage(Partition("", 0), number, value) for number, value in enumerate(looked)], now_ms
    )
    seconds = "timestamp" in found and _is_seconds(found["timestamp"].value)
    return Proposal(proposed, len(accepted), len(looked), seconds)


def _record(value: bytes) -> Any:
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _keys(records: Sequence[Mapping[str, Any]]) -> list[Key]:
    """In the order of the first message that has each."""
    found: dict[str, Key] = {}
    often: Counter[str] = Counter()
    for record in records:
        for key in _below(record, (), DEEPEST):
            if key.path not in found or found[key.path].value in (None, []):
                found[key.path] = key
            often[key.path] += 1
    return [key for path, key in found.items() if often[path] >= len(records) / 2]


def _below(record: Mapping[str, Any], above: tuple[str, ...], depth: int) -> Iterator[Key]:
    for name, value in record.items():
        if not _KEY.fullmatch(name):  # what does not look like a name is data, and is not shown
            continue
        steps = (*above, name)
        if isinstance(value, dict) and depth > 1:
            yield from _below(value, steps, depth - 1)
        yield Key(".".join(map(_step, steps)), frozenset([_plain(name), _plain("".join(steps))]), value)


def _step(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else f'"{name}"'


def _plain(name: str) -> str:
    return _NO_NAME.sub("", name.casefold())


def _best(field: str, keys: Sequence[Key], names: Mapping[str, tuple[str, ...]] = NAMES) -> Key | None:
    """The key with the most telling name, and a value of the right type."""
    for name in names[field]:
        for key in keys:
            if name in key.names and _fits(field, key.value):
                return key
    return None


def _fits(field: str, value: Any) -> bool:
    kinds = KINDS.get(field, (str,))
    if isinstance(value, bool) or not isinstance(value, kinds):
        return False
    return not isinstance(value, list) or field != "results" or bool(_documents("", value))


def _expression(field: str, key: Key) -> str:
    if field == "results":
        return _documents(key.path, key.value)
    return _as_text(key) if field == "event_id" else key.path


def _as_text(key: Key) -> str:
    """Ids are texts."""
    return f"to_string({key.path})" if isinstance(key.value, int) else key.path


def _documents(path: str, value: list[Any]) -> str:
    """What makes results of a list of tables, or of ids; empty where its items are neither."""
    first = value[0] if value else None
    if isinstance(first, str):
        return f"{path}[].{{doc_id: @}}"
    if not isinstance(first, dict):
        return ""
    keys = list(_below(first, (), DEEPEST))
    parts = {part: _as_text(found) if part == "doc_id" else found.path for part in PARTS if (found := _part(part, keys))}
    named = ", ".join(f"{part}: {theirs}" for part, theirs in parts.items())
    return f"{path}[].{{{named}}}" if "doc_id" in parts else ""


def _part(part: str, keys: Sequence[Key]) -> Key | None:
    kinds = {"score": (int, float), "doc_id": (str, int)}.get(part, (str,))
    fitting = [key for key in keys if isinstance(key.value, kinds) and not isinstance(key.value, bool)]
    return next((key for name in PARTS[part] for key in fitting if name in key.names), None)


def _is_seconds(value: Any) -> bool:
    return isinstance(value, int | float) and SECONDS[0] <= value < SECONDS[1]


def _quoted(expression: str) -> str:
    return expression if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*", expression) else json.dumps(expression)
