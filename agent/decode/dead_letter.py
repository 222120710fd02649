"""What cannot be read: a message, and the reason from a closed list."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from agent.records import Partition, RawMessage


class Reason(StrEnum):
    """Why a message was rejected; the value is metric label, dead-letter header and JSON key."""

    EMPTY = "empty"  # no bytes, a Kafka tombstone
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_OTLP = "not_otlp"  # neither spans nor what could be spans
    TOO_DEEP = "too_deep"
    NOT_AN_OBJECT = "not_an_object"
    MAPPING_FAILED = "mapping_failed"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    UNKNOWN_VALUE = "unknown_value"  # of a field with a closed list of values
    OUT_OF_RANGE = "out_of_range"  # a number too large or too small, a text too long
    BAD_EVENT_ID = "bad_event_id"
    BAD_TIMESTAMP = "bad_timestamp"
    TOO_OLD = "timestamp_before_2000"
    IN_FUTURE = "timestamp_in_future"


class DeadLetter(NamedTuple):
    """One rejected message; `detail` names the field, never what stood in it."""

    message: RawMessage
    reason: Reason
    detail: str


class Kept(NamedTuple):
    """A dead letter as it was kept. `partition` is None where the letter does not say whence it came.

    `size` is that of the whole message: a value that is longer than what was kept of it is cut.
    """

    source: str
    offset: int
    at: datetime
    partition: Partition | None
    reason: str
    detail: str
    value: bytes
    key: bytes | None
    size: int

    @property
    def id(self) -> str:
        """Source and offset: a letter that was written twice has it twice."""
        return letter_id(self.source, self.offset)

    @property
    def name(self) -> str:
        """What a person calls it: topic, partition and offset; of a file its name alone and the number of the line."""
        if self.partition is None:
            return self.id
        topic = self.partition.topic.rpartition("/")[2]  # the name of a topic has no slash
        return letter_id(f"{topic}/{self.partition.number}", self.offset)

    @property
    def cut(self) -> bool:
        """Whether a part of the message is missing."""
        return self.size > len(self.value)


def letter_id(source: str, offset: int) -> str:
    """The key of a letter, wherever it is kept."""
    return f"{source}:{offset}"


def number_of(text: str) -> int | None:
    """An offset, or another number of 64 bits, that anybody may have written."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 19 else None  # noqa: PLR2004  digits of an int64


class Rejected(Exception):  # noqa: N818 - it is an answer about one message, not an error of the agent
    """Raised while one message is decoded, and turned into a dead letter by the decoder."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
