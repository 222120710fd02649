"""What cannot be read: a message, and the reason from a closed list."""

from enum import StrEnum
from typing import NamedTuple

from agent.records import RawMessage


class Reason(StrEnum):
    """Why a message was rejected; the value is metric label, dead-letter header and JSON key."""

    EMPTY = "empty"  # no bytes, a Kafka tombstone
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
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


class Rejected(Exception):  # noqa: N818 - it is an answer about one message, not an error of the agent
    """Raised while one message is decoded, and turned into a dead letter by the decoder."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
