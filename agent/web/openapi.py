"""The API described as OpenAPI 3.1, from the very records that it reads and writes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from agent import __version__
from agent.alerting.calibration import Calibration
from agent.alerting.detectable import WatchedBy
from agent.alerting.incident import Incident
from agent.notify.mute import Mute
from agent.report.muting import Muting
from agent.report.query import BY, FILTERS
from agent.report.remote import API
from agent.report.writer import Announcement, Closing, Remark
from agent.web.answers import JSON

Share = Annotated[float, Meta(ge=0, le=1)]
Interval = Annotated[list[float], Meta(min_length=2, max_length=2, description="95 % interval")]  # tuples are read by few
SCHEMAS: Final = "#/components/schemas/{name}"


class Translation(Struct):
    """Translated queries of one engine."""

    engine: str | None
    n: int
    mean: Share
    low_share: Share | None


class Figures(Struct, kw_only=True):
    """A row of a table; a measure without data is null, never 0. Columns asked for with `by` come besides."""

    language: str
    queries: Annotated[int, Meta(description="estimated volume, by sample rates")]
    events: int
    hit_rate: Share | None
    hit_threshold: float | None
    hit_source: Annotated[Calibration | None, Meta(description="how well scores tell hits from misses, by labels")]
    zero_result_rate: Share | None
    error_rate: Share | None
    similarity_mean: float | None
    labelled: int
    k: int
    recall_at_k: Share | None
    mrr_at_k: Share | None
    ndcg_at_k: Share | None
    translation: list[Translation] | None
    translation_low: Share
    ci95: dict[str, Interval]
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    state: Literal["firing", "pending", "low", "ok"]
    detectable: Annotated[Share | None, Meta(description="the smallest fall that its traffic shows")]
    watched_by: WatchedBy | None


class Pair(Figures, kw_only=True):
    """A row by query language and document language."""

    document_language: str


class Change(Struct, kw_only=True):
    """A deployment that was announced or noticed, or a hit threshold that was learned."""

    service: str
    environment: str
    collection: str
    embedding_model: str
    index_version: str
    at: str = ""
    new_model: bool = False
    announced: bool = False
    note: str = ""
    by: str = ""
    notice: Annotated[str, Meta(description="what was learned, where it is no deployment")] = ""


class Shown(Mute, kw_only=True, frozen=True):
    """A mute as it is shown."""

    active: bool = False
    state: str = ""


class Report(Struct):
    """A weekly report: the rendering that was asked for, under its name."""

    week: str
    title: Annotated[str, Meta(description="the verdict, in one line")]
    html: str = ""
    text: str = ""
    json: Annotated[dict[str, Any], Meta(description="every figure: docs/report.md")] = {}


class Mistakes(Struct):
    """What was wrong: file, key, what was expected."""

    mistakes: list[Annotated[list[str], Meta(min_length=3, max_length=3)]]


class Problem(Struct):
    """Why there is no answer now."""

    error: str


RECORDS: Final = (Figures, Pair, Change, Shown, Incident, Muting, Remark, Closing, Announcement, Report, Mistakes, Problem)
RANGE: Final = {
    "from": "start of the range: RFC 3339, a date, or relative such as -7d (default: seven days before the end)",
    "to": "end of the range, not included (default: the end of the newest window)",
    "by": f"another column: one of {', '.join(BY)}",
}
NAMES: Final = {name: f"only this {name}" for name in FILTERS}


def document() -> dict[str, Any]:
    """The whole description, as JSON."""
    _, schemas = msgspec.json.schema_components(RECORDS, ref_template=SCHEMAS)
    return {
        "openapi": "3.1.0",
        "info": {"title": "babelwatch", "version": __version__, "description": "Retrieval quality per language, and what broke."},
        "security": [{}, {"token": []}],
        "paths": {f"{API}{path}": dict(_methods(path)) for path in (*READS, *ONES, *WRITES, *ENDS)},
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "web.token of the configuration"}},
        },
    }


READS: Final[Mapping[str, tuple[type, str, Mapping[str, str]]]] = {
    "/languages": (Figures, "The per-language table, most queries first", {**RANGE, **NAMES}),
    "/pairs": (Pair, "The same by query language and document language", {**RANGE, **NAMES}),
    "/alerts": (Incident, "Open incidents, newest first", {"all": "also those that are resolved", **NAMES}),
    "/changes": (Change, "Deployments, oldest first", NAMES),
    "/mutes": (Shown, "Mutes that count now or later", {"all": "also those that are over or removed"}),
}
ONES: Final[Mapping[str, tuple[type, str, Mapping[str, str]]]] = {
    "/report": (
        Report,
        "The weekly report",
        {
            "week": "ISO week such as 2026-W46 (default: the last one that is over, or else the first one)",
            **{name: RANGE[name] for name in ("from", "to")},
            "format": "html, text or json (default)",
            **NAMES,
        },
    ),
}
WRITES: Final[Mapping[str, tuple[type, type, str]]] = {
    "/changes": (Announcement, Change, "Announce a deployment"),
    "/mutes": (Muting, Shown, "Keep incidents silent for a while"),
    "/alerts/{fingerprint}/ack": (Remark, Incident, "Somebody works on it"),
    "/alerts/{fingerprint}/accept": (Remark, Incident, "It is the new normal"),
    "/alerts/{fingerprint}/close": (Closing, Incident, "It is over, with a verdict"),
}
ENDS: Final[Mapping[str, tuple[type, str]]] = {"/mutes/{id}": (Shown, "End a mute")}


def _methods(path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if path in READS:
        row, summary, words = READS[path]
        rows = {"type": "array", "items": _reference(row)}
        yield "get", _operation(path, summary, rows, [_parameter("query", name, said) for name, said in words.items()])
    if path in ONES:
        one, summary, words = ONES[path]
        yield "get", _operation(path, summary, _reference(one), [_parameter("query", name, said) for name, said in words.items()])
    if path in WRITES:
        body, answer, summary = WRITES[path]
        said = {"required": True, "content": {JSON: {"schema": _reference(body)}}}
        described = _operation(path, summary, _reference(answer))
        yield "post", {**described, "requestBody": said, "responses": {**described["responses"], **REFUSED_BODIES}}
    if path in ENDS:
        answer, summary = ENDS[path]
        yield "delete", _operation(path, summary, _reference(answer))


def _operation(path: str, summary: str, answer: Mapping[str, Any], parameters: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    named = [_parameter("path", part[1:-1], "its beginning will do") for part in path.split("/") if part.startswith("{")]
    responses = {"200": _response("what was asked for", answer), **REFUSALS}
    return {"summary": summary, "parameters": [*named, *parameters], "responses": responses}


def _parameter(place: str, name: str, said: str) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "description": said, "schema": {"type": "string"}}


def _response(said: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": said, "content": {JSON: {"schema": schema}}}


def _reference(kind: type) -> dict[str, str]:
    return {"$ref": SCHEMAS.format(name=kind.__name__)}


REFUSALS: Final = {
    "400": _response("what is wrong with the request", _reference(Mistakes)),
    "401": _response("a bearer token is needed", _reference(Problem)),
    "403": _response("a page of another site, or without a token another machine, may not ask this", _reference(Problem)),
    "404": _response("there is none, or no such address", {"anyOf": [_reference(Mistakes), _reference(Problem)]}),
    "503": _response("the store cannot be read now", _reference(Problem)),
}
REFUSED_BODIES: Final = {
    "413": _response("the body is too large", _reference(Mistakes)),
    "415": _response("the body is not JSON", _reference(Mistakes)),
}
