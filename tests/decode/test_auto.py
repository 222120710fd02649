"""`auto` reads each record as what it looks like."""

import json

import pytest

from agent.decode.auto import AutoDecoder, format_of, legible
from agent.decode.dead_letter import Reason
from agent.decode.native import NativeDecoder
from agent.decode.otlp.decoder import WIRES, OtlpDecoder
from tests.decode.builders import NOW, message, written
from tests.decode.otlp.builders import Given, as_json, request

RECORD = request(Given({"gen_ai.operation.name": "retrieval"}))
PROTO, JSON = RECORD.SerializeToString(), as_json(RECORD)


def decoder() -> AutoDecoder:
    """All formats."""
    return AutoDecoder({"native": NativeDecoder(), **{name: OtlpDecoder(wire) for name, wire in WIRES.items()}})


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (PROTO, "otlp_proto"),
        (JSON, "otlp_json"),
        (b"\n " + JSON, "otlp_json"),
        (b"\n{" + bytes(121) + b"\x01\x02", "otlp_proto"),
        (written(), "native"),
        (b" \n" + written(), "native"),
        (b"\n{}", "native"),
        (b"", "native"),
        (b"GET /", "native"),
        (written(query='"resourceSpans" ' * 9), "native"),
    ],
)
def test_a_record_is_known_by_how_it_begins(value: bytes, name: str) -> None:
    """What looks like nothing is native, whose decoder says what is wrong with it."""
    assert format_of(value) == name


def test_formats_of_one_log_may_mix() -> None:
    """Events and letters stay in the order of their offsets."""
    values = [PROTO, written(), b"", JSON, b"{", written(event_id="e2")]
    decoded = decoder().reader().read([message(value, 5 + number) for number, value in enumerate(values)], NOW)
    assert [(item.offset, item.dialect) for item in decoded.accepted] == [(5, "genai"), (6, "native"), (8, "genai"), (10, "native")]
    assert [(letter.message.offset, letter.reason) for letter in decoded.rejected] == [(7, Reason.EMPTY), (9, Reason.NOT_JSON)]
    assert decoded.spans["retrieval"] == 2


def test_the_widest_window_is_read_again() -> None:
    """Nobody knows what a log will hold."""
    assert decoder().window == NativeDecoder.window > OtlpDecoder.window


def test_spans_are_legible_as_json() -> None:
    """What is JSON, or nothing that is known, stays as it is."""
    (span,) = json.loads(legible(PROTO))
    assert (span["name"], span["attributes"]) == ("search", {"gen_ai.operation.name": "retrieval"})
    for value in (JSON, written(), b"", b"\n\xff", b"\n"):
        assert legible(value) == value
