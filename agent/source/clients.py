"""Kafka's clients: one address, one way to connect, and the reason when that fails."""

import logging
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError

from agent.errors import Unreachable

ANSWER_TIMEOUT_MS = 5_000
PROOF_TIMEOUT_S = 5.0
_REASON = re.compile(r"Bootstrap connection to .*? failed: (.*?)(?: \(backoff .*)?$")


@dataclass(frozen=True)
class KafkaAddress:
    """How to reach the broker; `client` holds the security settings in kafka-python's names and is never logged."""

    bootstrap_servers: tuple[str, ...]
    client: Mapping[str, Any] = field(default_factory=dict, repr=False)
    bootstrap_timeout_ms: int = 30_000

    def settings(self) -> dict[str, Any]:
        """Keyword arguments that every client takes."""
        return {
            "bootstrap_servers": list(self.bootstrap_servers),
            "bootstrap_timeout_ms": self.bootstrap_timeout_ms,
            "reconnect_backoff_max_ms": 1000,  # the default of 30 s makes a broker's restart cost 7 s
            **self.client,
        }


def producer(address: KafkaAddress) -> KafkaProducer:
    """A producer for dead letters, and for feeding them again; raises Unreachable.

    Not an idempotent one: a letter may be written twice, and that producer never recovers from a right it had not.
    """
    return connect(KafkaProducer, address, max_block_ms=ANSWER_TIMEOUT_MS, acks="all", enable_idempotence=False)


def prove(sent: Iterable[Any]) -> None:
    """Wait for the broker's word on each record that is sent: its future is the only proof of delivery. Raises KafkaError."""
    for future in list(sent):
        future.get(timeout=PROOF_TIMEOUT_S)


def close(producer: KafkaProducer) -> None:
    """Close a producer; what it could not send was not proved, and is sent again by whoever asked for the proof."""
    with suppress(KafkaError):
        producer.close(timeout=PROOF_TIMEOUT_S)


def consumer(address: KafkaAddress, **settings: Any) -> KafkaConsumer:
    """A consumer that asks for topics without creating them, so that a deleted one does not come back; raises Unreachable.

    kafka-python 3.0 takes the setting and does not pass it on to what asks; of another release it is left to the setting.
    """
    made = connect(KafkaConsumer, address, allow_auto_create_topics=False, **settings)
    with suppress(AttributeError):
        made._cluster.config["allow_auto_create_topics"] = False  # noqa: SLF001  there is no public place
    return made


def reader(address: KafkaAddress) -> KafkaConsumer:
    """A consumer in no group, for a topic that is read from its beginning; raises Unreachable."""
    return consumer(address, group_id=None, enable_auto_commit=False, auto_offset_reset="earliest")


def admin(address: KafkaAddress) -> KafkaAdminClient:
    """A client that looks at topics and makes them; raises Unreachable."""
    return connect(KafkaAdminClient, address, request_timeout_ms=ANSWER_TIMEOUT_MS)


def connect(client: Any, address: KafkaAddress, **settings: Any) -> Any:
    """Make a client; kafka-python tells why a bootstrap failed only in its log, so that is collected."""
    heard = _Heard()
    manager = logging.getLogger("kafka.net.manager")
    manager.addHandler(heard)
    try:
        return client(**address.settings(), **settings)
    except KafkaError as error:
        reason = f": {heard.last}" if heard.last else ""
        raise Unreachable(f"Kafka at {', '.join(address.bootstrap_servers)} cannot be reached{reason}") from error
    finally:
        manager.removeHandler(heard)


class _Heard(logging.Handler):
    """Keeps the last reason for which a bootstrap failed."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        if found := _REASON.match(record.getMessage()):
            self.last = found[1]
