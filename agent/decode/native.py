"""Native JSON: one record is one retrieval (`schemas/retrieval-event.v1.json`).

msgspec checks types and ranges while it parses, so a good event is looked at once; only what it refuses is named here.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import floor, isfinite
from typing import Any

import msgspec

from agent.decode.base import Decoded
from agent.decode.dead_letter import DeadLetter, Reason, Rejected
from agent.decode.mapping import Searches
from agent.records import Accepted, Event, RawMessage, Timestamp
from agent.source.dedup import WINDOW

YEAR_2000 = 946_684_800_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
REFUSED = (Rejected, msgspec.MsgspecError, UnicodeDecodeError, RecursionError, TypeError)
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
    """Bytes to events; with a mapping it serves logs whose fields have other names.

    It is a decoder and its own reader.
    """

    window = WINDOW

    def __init__(self, mapping: Mapping[str, str] | None = None, max_future_skew_ms: int = 300_000) -> None:
        """`mapping`: our field name to a JMESPath in their record."""
        self._skew = max_future_skew_ms
        self._parse: Callable[[bytes], Event] = _mapped(mapping) if mapping else msgspec.json.Decoder(Event).decode

    def reader(self) -> "NativeDecoder":
        """Itself: a message means the same whatever came before it."""
        return self

    def read(self, messages: Sequence[RawMessage], now_ms: int) -> Decoded:
        """What these messages are."""
        return Decoded(*self.decode_all(messages, now_ms))

    def decode_all(self, messages: Iterable[RawMessage], now_ms: int) -> tuple[list[Accepted], list[DeadLetter]]:
        """Split messages into events, in their order, and dead letters; nothing in a message raises."""
        accepted: list[Accepted] = []
        rejected: list[DeadLetter] = []
        parse, latest = self._parse, now_ms + self._skew
        for message in messages:
            try:
                event = parse(message.value)
                if event.results is None:  # only spans may leave open what was found
                    raise Rejected(Reason.WRONG_TYPE, "results")
                accepted.append(Accepted(message.offset, event_time(event.timestamp, latest), event, message.again))
            except REFUSED as error:
                rejected.append(DeadLetter(message, *reason_of(error, message.value)))
        return accepted, rejected


def reason_of(error: Exception, value: bytes) -> tuple[Reason, str]:
    """Why a message cannot be read, and its field; `error` is one of REFUSED."""
    match error:
        case Rejected():
            return error.reason, error.detail
        case msgspec.ValidationError():
            return _named(str(error))
        case UnicodeDecodeError():
            return Reason.NOT_UTF8, ""
        case RecursionError():
            return Reason.TOO_DEEP, ""
        case _:
            return Reason.NOT_JSON if value else Reason.EMPTY, ""


def _mapped(mapping: Mapping[str, str]) -> Callable[[bytes], Event]:
    searches = Searches(mapping)

    def parse(value: bytes) -> Event:
        record: Any = msgspec.json.decode(value)
        if not isinstance(record, dict):
            raise Rejected(Reason.NOT_AN_OBJECT)
        own = {name: value for name, value in record.items() if name not in searches.names}
        return msgspec.convert(own | searches.found(record), Event)

    return parse


def _named(error: str) -> tuple[Reason, str]:
    """Name what msgspec refused, by the field and the wording of its message."""
    where = FIELD.search(error)
    field = where[1] if where else ""
    reason = next((reason for words, reason in WORDS if words in error), Reason.WRONG_TYPE)
    if reason is Reason.MISSING_FIELD:
        return reason, ".".join(filter(None, (field, error.split("`")[1])))
    if reason is Reason.NOT_AN_OBJECT and field:
        reason = Reason.WRONG_TYPE
    if field == "timestamp":
        reason = Reason.BAD_TIMESTAMP
    if field == "event_id":
        reason = Reason.BAD_EVENT_ID
    return reason, field


def event_time(stamp: Timestamp, latest: int) -> int:
    """Event time in epoch milliseconds; a number is already in that unit. Raises Rejected where it cannot be true."""
    if isinstance(stamp, float) and not isfinite(stamp):  # a mapping can make one of a text
        raise Rejected(Reason.BAD_TIMESTAMP, "timestamp")
    at = (stamp - EPOCH) // MILLISECOND if isinstance(stamp, datetime) else floor(stamp)
    if at < YEAR_2000:
        raise Rejected(Reason.TOO_OLD, "timestamp")
    if at > latest:
        raise Rejected(Reason.IN_FUTURE, "timestamp")
    return at
