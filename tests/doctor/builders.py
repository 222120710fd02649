"""Samples of logs for the doctor: native lines, and records of spans as the fixtures have them."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from agent import parts
from agent.config.settings import Settings
from agent.doctor.advice import advice
from agent.doctor.examined import Examined, Reading, Sampled, examine
from agent.doctor.naming import propose
from agent.doctor.rules import Known
from agent.language.services import Taggers
from agent.records import Partition, RawMessage
from tests.acceptance.command import event

NOW_MS: Final = 1_795_400_000_000  # 23 November 2026
LOG: Final = Partition("log", 0)
NOTHING: Final = Known(floor=False, topic=False)


@cache
def taggers() -> Taggers:
    """The models are loaded once."""
    return parts.taggers(Settings())


def settings(**source: Any) -> Settings:
    """Settings of the source."""
    return Settings.model_validate({"source": source})


def reading(given: Settings) -> Reading:
    """As the command reads."""
    return Reading(parts.decoder(given.source), taggers(), parts.documents(given.source), given.quality.k)


def sampled(values: Iterable[bytes], partition: Partition = LOG, written: int | None = None) -> list[Sampled]:
    """One partition."""
    return [Sampled(RawMessage(partition, offset, value), written) for offset, value in enumerate(values)]


def lines(number: int = 5, **changes: Any) -> list[bytes]:
    """Native events with these changes; None leaves a field out."""
    rows = ({**event(each), **changes} for each in range(number))
    return [json.dumps({name: value for name, value in row.items() if value is not None}).encode() for row in rows]


def seen(values: Iterable[bytes], **source: Any) -> Examined:
    """What is seen in these messages."""
    return examine(sampled(values), reading(settings(**source)), NOW_MS)


def told(values: Iterable[bytes], known: Known = NOTHING, **source: Any) -> dict[str, str]:
    """What is advised: reason and text; of several texts of a reason the last."""
    given = settings(**source)
    found = seen(values, **source)
    proposal = propose(found.values, given.source.mapping, NOW_MS)
    return {each.reason: each.text for each in advice(found, known, proposal, given.quality.k)}


def fixture(shared: Path, name: str) -> bytes:
    """The value of a Kafka record of real instrumentations."""
    return (shared / "data" / "otlp" / name).read_bytes()


def with_resource(record: bytes, attributes: Mapping[str, str]) -> bytes:
    """A record as it is once `OTEL_RESOURCE_ATTRIBUTES` says so."""
    request = ExportTraceServiceRequest.FromString(record)
    for spans in request.resource_spans:
        for name, value in attributes.items():
            spans.resource.attributes.add(key=name).value.string_value = value
    return request.SerializeToString()


def with_spans(record: bytes, change: Any) -> bytes:
    """A record after `change` was done to each scope and each of its spans."""
    request = ExportTraceServiceRequest.FromString(record)
    for resource_spans in request.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                change(scope_spans.scope, span)
    return request.SerializeToString()
