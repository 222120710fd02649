"""Native JSON: one record is one retrieval (`schemas/retrieval-event.v1.json`).

msgspec checks types and ranges while it parses, so a good event is looked at once; only what it refuses is named here.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from math import floor, isfinite
from typing import Any

import jmespath
import msgspec

from agent.decode.dead_letter import DeadLetter, Reason, Rejected
from agent.records import Accepted, Event, RawMessage

YEAR_2000 = 946_684_800_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
# JMESPath's functions let Python's own errors through: ceil of infinity, merge of what is no object, a step of 0.
NO_ANSWER = (jmespath.exceptions.JMESPathError, ArithmeticError, ValueError, TypeError)
FIELD = re.compile(r"`\$\.?([^`]*)`$")
WORDS: tuple[tuple[str, Reason], ...] = (  # msgspec's wording, in the order it is asked
    ("Invalid enum value", Reason.UNKNOWN_VALUE),  # the first, and the field at the end: only this one quotes the record
    ("missing required field", Reason.MISSING_FIELD),
    ("Expected `object`, got", Reason.NOT_AN_OBJECT),
    ("out of range", Reason.OUT_OF_RANGE),
    ("of length", Reason.OUT_OF_RANGE),
    (">=", Reason.OUT_OF_RANGE),
    ("<=", Reason.OUT_OF_RANGE),
)


class NativeDecoder:
    """Bytes to events; with a mapping it serves logs whose fields have other names."""

    def __init__(self, mapping: Mapping[str, str] | None = None, max_future_skew_ms: int = 300_000) -> None:
        """`mapping`: our field name to a JMESPath in their record."""
        self._skew = max_future_skew_ms
        self._parse: Callable[[bytes], Event] = _mapped(mapping) if mapping else msgspec.json.Decoder(Event).decode

    def decode_all(self, messages: Iterable[RawMessage], now_ms: int) -> tuple[list[Accepted], list[DeadLetter]]:
        """Split messages into events, in their order, and dead letters; nothing in a message raises."""
        accepted: list[Accepted] = []
        rejected: list[DeadLetter] = []
        for message in messages:
            try:
                event = self._read(message.value)
                accepted.append(Accepted(message.offset, _event_time(event, now_ms + self._skew), event, message.again))
            except Rejected as no:
                rejected.append(DeadLetter(message, no.reason, no.detail))
        return accepted, rejected

    def _read(self, value: bytes) -> Event:
        try:
            return self._parse(value)
        except msgspec.ValidationError as error:
            raise _named(str(error)) from None
        except UnicodeDecodeError:
            raise Rejected(Reason.NOT_UTF8) from None
        except (msgspec.DecodeError, TypeError):
            raise Rejected(Reason.NOT_JSON if value else Reason.EMPTY) from None
        except RecursionError:
            raise Rejected(Reason.TOO_DEEP) from None


def _mapped(mapping: Mapping[str, str]) -> Callable[[bytes], Event]:
    searches = [(ours, jmespath.compile(theirs)) for ours, theirs in mapping.items()]

    def parse(value: bytes) -> Event:
        record: Any = msgspec.json.decode(value)
        if not isinstance(record, dict):
            raise Rejected(Reason.NOT_AN_OBJECT)
        try:
            found = {ours: search.search(record) for ours, search in searches}
        except NO_ANSWER:
            raise Rejected(Reason.MAPPING_FAILED) from None
        named = {ours: theirs for ours, theirs in found.items() if theirs is not None}  # what was not found has its default
        return msgspec.convert({name: own for name, own in record.items() if name not in found} | named, Event)

    return parse


def _named(error: str) -> Rejected:
    """Name what msgspec refused, by the field and the wording of its message."""
    where = FIELD.search(error)
    field = where[1] if where else ""
    reason = next((reason for words, reason in WORDS if words in error), Reason.WRONG_TYPE)
    if reason is Reason.MISSING_FIELD:
        return Rejected(reason, ".".join(filter(None, (field, error.split("`")[1]))))
    if reason is Reason.NOT_AN_OBJECT and field:
        reason = Reason.WRONG_TYPE
    if field == "timestamp":
        reason = Reason.BAD_TIMESTAMP
    if field == "event_id":
        reason = Reason.BAD_EVENT_ID
    return Rejected(reason, field)


def _event_time(event: Event, latest: int) -> int:
    """Event time in epoch milliseconds; a number is already in that unit."""
    stamp = event.timestamp
    if isinstance(stamp, float) and not isfinite(stamp):  # a mapping can make one of a text
        raise Rejected(Reason.BAD_TIMESTAMP, "timestamp")
    at = (stamp - EPOCH) // MILLISECOND if isinstance(stamp, datetime) else floor(stamp)
    if at < YEAR_2000:
        raise Rejected(Reason.TOO_OLD, "timestamp")
    if at > latest:
        raise Rejected(Reason.IN_FUTURE, "timestamp")
    return at
