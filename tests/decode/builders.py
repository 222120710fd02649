"""Records as a service writes them, and what the decoder makes of one."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, settings

from agent.clock import FakeClock
from agent.decode.dead_letter import DeadLetter, Reason
from agent.decode.native import NativeDecoder
from agent.records import Accepted, Partition, RawMessage

NOW = 1_794_817_800_000  # 2026-11-16T08:30:00Z
CLOCK = FakeClock(datetime(2026, 11, 16, 8, 30, tzinfo=UTC))
PARTITION = Partition("log", 0)
NATIVE = NativeDecoder()
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine proves nothing


def record(**changes: Any) -> dict[str, Any]:
    """A small valid event, with other values where they are given."""
    return {"event_id": "e1", "timestamp": NOW, "query": "refund"} | changes


def written(**changes: Any) -> bytes:
    """The same as a log has it."""
    return json.dumps(record(**changes)).encode()


def message(value: bytes, offset: int = 0) -> RawMessage:
    """It in a partition."""
    return RawMessage(PARTITION, offset, value)


def decoded(value: bytes, decoder: NativeDecoder = NATIVE) -> Accepted | DeadLetter:
    """The one thing that becomes of a message."""
    accepted, rejected = decoder.decode_all([message(value)], NOW)
    found: list[Accepted | DeadLetter] = [*accepted, *rejected]
    assert len(found) == 1
    return found[0]


def read(value: bytes, decoder: NativeDecoder = NATIVE) -> Accepted:
    """The event of a message that must be accepted."""
    found = decoded(value, decoder)
    assert isinstance(found, Accepted), found
    return found


def refused(value: bytes, decoder: NativeDecoder = NATIVE) -> tuple[Reason, str]:
    """Reason and detail of a message that must be rejected."""
    found = decoded(value, decoder)
    assert isinstance(found, DeadLetter), found
    return found.reason, found.detail
