"""A Kafka broker inside the process: librdkafka's mock cluster, spoken to over TCP by the same consumer as a real one.

It has no topic ids and keeps 5 MB a partition; clients must be told the protocol version. A topic comes with its first
message and has four partitions.
"""

import logging
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from agent.errors import Stop

if TYPE_CHECKING:
    from confluent_kafka import Producer

API_VERSION: Final = (2, 0, 0)  # what kafka-python is told: with a newer one it reads nothing, with none it finds no broker
PARTITIONS: Final = 4

_ANSWER_TIMEOUT_S: Final = 10.0
_SETTINGS: Final = {
    "test.mock.num.brokers": 1,
    "compression.type": "lz4",
    "linger.ms": 1_000,  # or until the flush: of a partition a fetch brings one batch, and a backlog of small ones takes long to read
    "log_level": 0,
}


class DemoBroker:
    """The broker, for as long as the context lasts."""

    def __init__(self) -> None:
        self._producer: Producer | None = None
        self.bootstrap = ""

    def __enter__(self) -> Self:
        """Start; raises Stop where confluent-kafka is not installed."""
        self._producer = _producer()
        brokers = self._producer.list_topics(timeout=_ANSWER_TIMEOUT_S).brokers.values()
        self.bootstrap = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop; what was sent is gone."""
        self._producer = None

    def send(self, topic: str, values: Iterable[bytes]) -> int:
        """Put messages into a topic, spread over its partitions, and wait until they are there; says how many."""
        assert self._producer is not None, "the broker runs inside `with` only"
        sent = 0
        for sent, value in enumerate(values, 1):
            _produce(self._producer, topic, value, sent % PARTITIONS)
        if self._producer.flush(_ANSWER_TIMEOUT_S):
            raise Stop("the in-process broker does not answer")
        return sent


def _producer() -> "Producer":
    try:
        from confluent_kafka import Producer  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise Stop("the demo needs an in-process Kafka broker: install babelwatch[demo]") from error
    silent = logging.getLogger(f"{__name__}.librdkafka")
    silent.setLevel(logging.CRITICAL)
    return Producer(_SETTINGS, logger=silent)


def _produce(producer: "Producer", topic: str, value: bytes, partition: int) -> None:
    """Queue one message; where the queue is full, let it drain first."""
    try:
        producer.produce(topic, value, partition=partition)
    except BufferError:
        producer.flush(_ANSWER_TIMEOUT_S)
        producer.produce(topic, value, partition=partition)
    producer.poll(0)
