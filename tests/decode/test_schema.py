"""`schemas/retrieval-event.v1.json` tells a service exactly what the decoder takes."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from agent.records import Accepted, Event, Result, Translation
from tests.decode.builders import NOW, decoded, patient, read, record

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "retrieval-event.v1.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)
PROPERTIES = SCHEMA["properties"]

# Values on both sides of every edge. No whole floats: to JSON Schema 1.0 is an integer, to the decoder it is not.
ODD: list[Any] = [None, True, False, 0, 1, -1, 10**6, 10**6 + 1, -(10**6) - 1, 10**9, 10**9 + 1, 1e-6, 9e-7, 0.5, 1.5]
ODD += ["", "de", "cosine", "euclid", "fallback", "💥" * 128, "x" * 129, "가" * 256, "x" * 257, "d" * 4096, "d" * 4097]
ODD += [
    NOW,
    NOW + 0.5,
    946_684_800_000,
    946_684_799_999,
    "2026-11-16T08:30:00Z",
    "2026-11-16t09:30:00.5+01:00",
    "2026-11-16T08:30:00",
]
ODD += [
    [],
    ["d"],
    ["d" * 4096],
    ["d" * 4097],
    [1],
    [None],
    {},
    {"d": 1},
    {"d": 10**6 + 1},
    {"d": "1"},
    {"d" * 4096: 0},
    {"d" * 4097: 0},
]
ODD += [[{"doc_id": "d", "more": 1}], [{"score": 1}], [[]], {"quality": 0.9, "more": 1}, {"quality": 2}, {"engine": 3}]

RECORDS = {name: [record(**{name: value}) for value in ODD] for name in PROPERTIES}
RECORDS |= {
    f"results.{name}": [record(results=[{"doc_id": "d"} | {name: value}]) for value in ODD] for name in Result.__struct_fields__
}
RECORDS |= {f"translation.{name}": [record(translation={name: value}) for value in ODD] for name in Translation.__struct_fields__}


def accepts(values: dict[str, Any]) -> bool:
    """What the decoder says."""
    return isinstance(decoded(json.dumps(values).encode()), Accepted)


VALID = {name: [values[name] for values in RECORDS[name] if accepts(values)] for name in PROPERTIES}


def test_the_schema_is_a_schema() -> None:
    """It keeps to JSON Schema 2020-12 itself."""
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("example", SCHEMA["examples"])
def test_its_examples_are_events(example: dict[str, Any]) -> None:
    """What is shown to people validates, decodes, and is exact in every field it shows."""
    VALIDATOR.validate(example)
    event = read(json.dumps(example).encode()).event
    assert event.event_id == example["event_id"]
    assert [result.doc_id for result in event.found] == [result["doc_id"] for result in example["results"]]


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        (Event, PROPERTIES),
        (Result, PROPERTIES["results"]["items"]["properties"]),
        (Translation, PROPERTIES["translation"]["properties"]),
    ],
)
def test_its_properties_are_the_decoders_fields(kind: type, properties: dict[str, Any]) -> None:
    """The same fields in the same order, and each is described."""
    assert list(properties) == list(kind.__struct_fields__)  # type: ignore[attr-defined]  # msgspec's
    assert all(described.get("description") for described in properties.values())


@pytest.mark.parametrize("name", RECORDS)
def test_schema_and_decoder_agree_on_each_field(name: str) -> None:
    """Types, ranges, lengths and lists of values have the same edges in both."""
    differing = [values for values in RECORDS[name] if VALIDATOR.is_valid(values) != accepts(values)]
    assert differing == []


def test_each_field_is_required_as_the_schema_says() -> None:
    """Without an optional field an event is accepted by both, without a required one by neither."""
    for name in SCHEMA["required"]:
        values = {key: value for key, value in record().items() if key != name}
        assert (VALIDATOR.is_valid(values), accepts(values)) == (False, False)
    assert accepts({name: record()[name] for name in SCHEMA["required"]})


def test_its_defaults_are_the_decoders() -> None:
    """What the schema says of an absent field is what the decoder fills in."""
    event = read(json.dumps(record()).encode()).event
    defaults = {name: described["default"] for name, described in PROPERTIES.items() if "default" in described}
    assert defaults == {"results": [], "score_kind": "unknown", "synthetic": False}
    assert {name: getattr(event, name) for name in defaults} == defaults


@patient
@given(st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in VALID.items()}))
def test_valid_fields_make_a_valid_event(fields: dict[str, Any]) -> None:
    """Fields do not depend on one another: any of them together validate and decode."""
    VALIDATOR.validate(record(**fields))
    assert accepts(record(**fields))
