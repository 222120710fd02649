"""Readers of the real broker, left behind by no test."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from kafka import KafkaProducer

from agent.source.clients import KafkaAddress
from agent.source.kafka import Group, KafkaSource
from tests.support.broker import Kafka


@pytest.fixture(scope="session")
def producer(kafka: Kafka) -> Iterator[KafkaProducer]:
    """One producer for all tests."""
    with closing(KafkaProducer(bootstrap_servers=kafka.bootstrap)) as made:
        yield made


@pytest.fixture
def join(kafka: Kafka) -> Iterator[Callable[..., KafkaSource]]:
    """Makes a reader of a topic: `join(topic)`, alone in its group, or `join(topic, group=…, start=…, member=…, session=…)`."""
    with ExitStack() as stack:

        def make(topic: str, group: str = "", start: Any = "earliest", **place: Any) -> KafkaSource:
            source = KafkaSource(KafkaAddress((kafka.bootstrap,)), (topic,), Group(group or uuid.uuid4().hex, **place), start)
            return stack.enter_context(closing(source))

        yield make
