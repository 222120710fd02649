"""`source.format: auto`: each record is read as what it looks like; an agent that knows its format starts faster."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

import msgspec

from agent.decode.base import Decoded, Decoder, Reader
from agent.decode.dead_letter import Rejected
from agent.decode.otlp import proto
from agent.decode.otlp.decoder import described
from agent.records import RawMessage

HEAD: Final = 64  # the Collector writes the name of the list first
NAME: Final = b'"resourceSpans"'
PROTO: Final = b"\n"  # the tag of the first field, which is the list of resources


def format_of(value: bytes) -> str:
    """The name of a format: native, unless the record begins as spans do. A first list of 123 bytes looks like the begin of JSON."""
    begun = value[:HEAD].lstrip()
    if begun[:1] == b"{" and (value[:1] != PROTO or value.rstrip()[-1:] == b"}"):
        return "otlp_json" if NAME in begun else "native"
    return "otlp_proto" if value[:1] == PROTO else "native"


def legible(value: bytes) -> bytes:
    """A record as JSON, also where it is spans in protobuf: as a mapping sees them."""
    try:
        return msgspec.json.encode([*map(described, proto.spans(value))]) if format_of(value) == "otlp_proto" else value
    except Rejected:
        return value


class AutoDecoder:
    """One decoder for each format."""

    def __init__(self, decoders: Mapping[str, Decoder]) -> None:
        """`decoders`: by the names of formats, all of them."""
        self._decoders = decoders
        self.window = max(decoder.window for decoder in decoders.values())

    def reader(self) -> "AutoReader":
        """A reader that has read nothing yet."""
        return AutoReader({name: decoder.reader() for name, decoder in self._decoders.items()})


class AutoReader:
    """One reader for each format; records of one format that follow each other are read together."""

    def __init__(self, readers: Mapping[str, Reader]) -> None:
        self._readers = readers

    def read(self, messages: Sequence[RawMessage], now_ms: int) -> Decoded:
        """What these messages are."""
        runs = [
            self._readers[name].read(list(run), now_ms) for name, run in groupby(messages, lambda message: format_of(message.value))
        ]
        if len(runs) == 1:
            return runs[0]
        return _joined(runs)


def _joined(runs: Sequence[Decoded]) -> Decoded:
    spans: Counter[str] = Counter()
    for run in runs:
        spans.update(run.spans)
    return Decoded([event for run in runs for event in run.accepted], [letter for run in runs for letter in run.rejected], spans)
