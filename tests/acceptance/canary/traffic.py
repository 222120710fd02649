"""A log in which every field that nothing may be kept of holds a canary: native events, spans of every dialect, broken records."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from agent.demo import profiles, stage
from agent.demo.history import history
from agent.demo.traffic import events
from agent.opening import Store
from agent.runtime.remembered import AS_OF
from agent.runtime.report_round import REPORTED
from agent.store.base import Entry, Flush
from tests.acceptance.canary.seen import Canary, canary
from tests.decode.otlp.builders import as_json

LANGUAGES = ("en", "es", "de", "tr")
EACH = 10
"""So many searches are as the demo has them, then comes one with canaries."""
CONTENT = re.compile(
    r"(input|output)\.value|entity\.(input|output)|\.content\b|\.text\b|(query|documents|result\.document|metadata|prompt|completion)$"
    r"|session|exception\."
)
"""Attributes that hold what people wrote, or may."""
MAPPING = {"response_language": "who && join('-', who) || response_language"}


class Planted(NamedTuple):
    """Records of a topic, and the canaries in them."""

    records: list[bytes]
    canaries: list[Canary]


class Native:
    """Searches of the demo; a canary is named after the field that it stands in."""

    def __init__(self, random: Random) -> None:
        names = (
            "query session locale queryLanguage error docId resultLanguage relevant targetLanguage responseLanguage foreign nested"
        )
        self.fields = {name: canary(f"native {name}", random) for name in names.split()}
        self.kept = canary("kept event id", random)
        self.engine = canary("kept engine", random)

    def records(self, now: datetime) -> Iterator[bytes]:
        """The last twenty minutes, in which a new version comes and Spanish falls; every id is the one that may be kept."""
        searched = events(now - stage.IN_TOPIC, now, stage.PER_MINUTE / 2, update_at=now - stage.UPDATED)
        for number, event in enumerate(one for one in searched if one["session"].partition("-")[0] in LANGUAGES):
            event["event_id"] = f"{self.kept.word}-{event['event_id']}"
            yield json.dumps(self._sung(event) if number % EACH == 0 else event, ensure_ascii=False).encode()

    def _sung(self, event: dict[str, Any]) -> dict[str, Any]:
        word = {name: one.word for name, one in self.fields.items()}
        return {
            **event,
            "query": f"{event['query']} {word['query']}",
            "session": word["session"],
            "locale": f"en_{word['locale']}",
            "query_language": word["queryLanguage"],
            **({"error": f"timeout while {word['error']}"} if "error" in event else {}),
            "results": [
                {**one, "doc_id": self._document(one["doc_id"]), "language": word["resultLanguage"]} for one in event["results"]
            ],
            "relevant": [*map(self._document, event.get("relevant", ())), *([word["relevant"]] if "relevant" in event else ())],
            "translation": {"target_language": word["targetLanguage"], "quality": 0.9, "engine": self.engine.word},
            "response_language": word["responseLanguage"],
            "user": word["foreign"],
            word["nested"]: {"answer": [word["nested"]]},
        }

    def _document(self, doc_id: str) -> str:
        return f"{doc_id}/{self.fields['docId'].word}"


def remember(store: Store, now: datetime) -> None:
    """Store what an agent that has watched since the beginning of last week would have stored, and for whom its report is due."""
    past = history(now - stage.IN_TOPIC, days=now.weekday() + 8, per_minute=stage.PER_MINUTE / 2)
    windows = tuple(window for each in past if each.language in LANGUAGES for window in stage._windows(each))
    store.windows.append(Flush("canary/history", None, 1, 0, windows))
    as_of = (now - stage.IN_TOPIC).replace(second=0, microsecond=0)
    store.journal.write([Entry(AS_OF, AS_OF, as_of, {}), Entry(REPORTED, REPORTED, as_of, {"why": "in_time", "week": ""})])


def spans(folder: Path, now: datetime, random: Random) -> Planted:
    """Real records of real instrumentations, moved to now, with a canary in whatever holds people's words."""
    planted = Planted([], [])
    for file in sorted(folder.glob("*.pb")):
        sung = canary(f"otlp {file.stem}", random)
        record = _moved(ExportTraceServiceRequest.FromString(file.read_bytes()), now - timedelta(minutes=4))
        _sing(record, sung.word)
        planted.canaries.append(sung)
        planted.records.append(record.SerializeToString() if len(planted.records) % 2 else as_json(record))
    return planted


def _moved(record: ExportTraceServiceRequest, to: datetime) -> ExportTraceServiceRequest:
    found = [span for resource in record.resource_spans for scope in resource.scope_spans for span in scope.spans]
    by = int(to.timestamp() * 1e9) - min(span.start_time_unix_nano for span in found)
    for span in found:
        span.start_time_unix_nano += by
        span.end_time_unix_nano += by
    return record


def _sing(record: ExportTraceServiceRequest, word: str) -> None:
    for resource in record.resource_spans:
        resource.resource.attributes.add(key="process.command_line").value.string_value = word
        for scope in resource.scope_spans:
            scope.scope.attributes.add(key="scope.note").value.string_value = word
            for span in scope.spans:
                span.attributes.add(key="enduser.id").value.string_value = word
                span.status.message = f"{span.status.message} {word}"
                for pairs in (span.attributes, *(event.attributes for event in span.events)):
                    for pair in pairs:
                        if CONTENT.search(pair.key) and pair.value.HasField("string_value"):
                            pair.value.string_value = _sung(pair.value.string_value, word)


def _sung(text: str, word: str) -> str:
    """The same text, or the same JSON, with a canary after each of its texts."""
    try:
        return json.dumps(_leaves(json.loads(text), word), ensure_ascii=False)
    except ValueError:
        return f"{text} {word}"


def _leaves(value: Any, word: str) -> Any:
    match value:
        case str():
            return f"{value} {word}"
        case list():
            return [_leaves(one, word) for one in value]
        case dict():
            return {key: _leaves(one, word) for key, one in value.items()}
    return value


def broken(now: datetime, random: Random) -> Planted:
    """Records of which each is a dead letter for a reason of its own, with a canary for its query."""
    numbers = count()

    def search(sung: Canary, **others: Any) -> dict[str, Any]:
        event_id = f"broken-{next(numbers)}"
        return {"event_id": event_id, "timestamp": now.isoformat(), "query": sung.word, "service": profiles.SERVICE, **others}

    def text(sung: Canary, **others: Any) -> bytes:
        return json.dumps(search(sung, **others)).encode()

    made: Mapping[str, Any] = {
        "cut": lambda sung: text(sung)[:-20],
        "not utf8": lambda sung: text(sung, user="x").replace(b'"x"', b'"\xff"'),
        "a route": lambda sung: text(sung, route=sung.word),
        "a scale": lambda sung: text(sung, score_kind=sung.word),
        "results": lambda sung: text(sung, results=sung.word),
        "a score": lambda sung: text(sung, results=[{"doc_id": "a", "score": sung.word}]),
        "relevance": lambda sung: text(sung, relevant={sung.word: sung.word}),
        "a time": lambda sung: text(sung, timestamp=sung.word),
        "a name": lambda sung: text(sung, service=sung.word * 30),
        "an id": lambda sung: text(sung, event_id=sung.word * 30),
        "no object": lambda sung: json.dumps(sung.word).encode(),
        "deep": lambda sung: b"[" * 5_000 + sung.word.encode(),
        "mapped": lambda sung: text(sung, who=[sung.word, 7]),
        "spans": lambda sung: as_json(_wrong_span(now, sung.word)),
    }
    sung = {name: canary(f"letter {name}", random) for name in made}
    return Planted([make(sung[name]) for name, make in made.items()], list(sung.values()))


def _wrong_span(now: datetime, word: str) -> ExportTraceServiceRequest:
    record = ExportTraceServiceRequest()
    span = record.resource_spans.add().scope_spans.add().spans.add(name="search", trace_id=b"\1" * 16, span_id=b"\2" * 8)
    span.start_time_unix_nano = int(now.timestamp() * 1e9)
    span.end_time_unix_nano = span.start_time_unix_nano + 1_000_000
    said = {"openinference.span.kind": "RETRIEVER", "input.value": word, "babelwatch.route": word}
    for name, value in said.items():
        span.attributes.add(key=name).value.string_value = value
    return record
