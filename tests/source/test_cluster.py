"""What a real broker tells of rights and retention to whoever asks."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from agent.source.clients import KafkaAddress, admin
from agent.source.cluster import look
from agent.source.kafka import Group, KafkaSource
from tests.source.builders import assigned
from tests.support.rights import Rights

LOG, LETTERS, GROUP = "looked-at", "looked-at-letters", "looked-at-group"


@pytest.fixture
def client(guarded_kafka: Rights) -> Iterator[KafkaAdminClient]:
    """An administrator's client, and a topic that is kept for two hours."""
    with closing(admin(KafkaAddress((guarded_kafka.bootstrap,)))) as made:
        if LOG not in made.list_topics():
            made.create_topics([NewTopic(LOG, 2, 1, topic_configs={"retention.ms": "7200000"})])
        yield made


def test_rights_and_retention_are_told(client: KafkaAdminClient) -> None:
    """With no rule everybody may do everything; a topic that is not there may be made."""
    found = look(client, LOG, LETTERS, GROUP)
    assert (found.brokers, found.dead_letters, found.create) == (1, None, True)
    assert found.topic is not None
    assert (found.topic.partitions, found.topic.settings and found.topic.settings["retention.ms"]) == (2, "7200000")
    assert "READ" in (found.topic.rights or ())


def test_a_group_that_was_joined_tells_its_rights(guarded_kafka: Rights, client: KafkaAdminClient) -> None:
    """One that nobody has joined yet does not."""
    assert look(client, LOG, LETTERS, "never-joined").group_rights is None
    with closing(KafkaSource(KafkaAddress((guarded_kafka.bootstrap,)), (LOG,), Group(GROUP), "earliest")) as member:
        assigned(member, 2)
        assert "READ" in (look(client, LOG, LETTERS, GROUP).group_rights or ())


def test_missing_rights_are_told(guarded_kafka: Rights, client: KafkaAdminClient) -> None:
    """Of a topic that may not be written, of one that may not be made, of a group that may not be read."""
    with guarded_kafka.uncreatable(LETTERS):
        assert look(client, LOG, LETTERS, GROUP).create is False
    with guarded_kafka.unwritable(LOG):
        found = look(client, "other", LOG, GROUP).dead_letters
        assert found is not None
        assert "WRITE" not in (found.rights or ())
    with guarded_kafka.unreadable_group(GROUP):
        assert look(client, LOG, LETTERS, GROUP).group_rights == frozenset()
