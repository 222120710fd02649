"""A broker that forbids: what is in the way of dead letters is one sentence, and once it is mended the same sink goes on."""

import uuid
from collections.abc import Iterator
from contextlib import closing

import pytest

from agent.decode.dead_letter import DeadLetter, Reason
from agent.decode.sink import KafkaSink
from agent.errors import RetryLater
from tests.decode.builders import message
from tests.decode.test_sink import in_topic, kept, sink_of
from tests.source.builders import until
from tests.support.rights import Rights

LETTERS = [DeadLetter(message(b"{", offset), Reason.NOT_JSON, "") for offset in range(3)]


@pytest.fixture
def name() -> str:
    """A topic that is not there."""
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture
def sink(guarded_kafka: Rights, name: str) -> Iterator[KafkaSink]:
    """A sink for it."""
    with closing(sink_of(guarded_kafka, name)) as made:
        yield made


def refusal(sink: KafkaSink) -> str:
    """What the sink says once the broker has heard of the rule; nothing while it takes the letters."""
    try:
        sink.write("log/0", LETTERS)
    except RetryLater as error:
        return str(error)
    return ""


def test_a_topic_that_may_not_be_written(guarded_kafka: Rights, sink: KafkaSink, name: str) -> None:
    """From the beginning, or taken away later: the sentence names topic and right, and nothing is lost once it is given."""
    with guarded_kafka.unwritable(name):
        until(lambda: "may not: give it the right Write" in refusal(sink))
        assert name in refusal(sink)
    until(lambda: not refusal(sink))
    with guarded_kafka.unwritable(name):
        until(lambda: "may not: give it the right Write" in refusal(sink))
    until(lambda: not refusal(sink))
    assert in_topic(guarded_kafka.bootstrap, name)[-3:] == kept(LETTERS)


def test_a_missing_topic_that_may_not_be_made(guarded_kafka: Rights, sink: KafkaSink, name: str) -> None:
    """The sentence says both ways out; with the right the same sink makes the topic and writes."""
    with guarded_kafka.uncreatable(name):
        until(lambda: "it is not there, and the agent's user may not make it" in refusal(sink))
        assert "make it, or give the right Create" in refusal(sink)
    until(lambda: not refusal(sink))
