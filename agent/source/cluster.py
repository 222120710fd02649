"""What brokers tell of a topic and a group to whoever asks, without reading or joining."""

import time
from collections.abc import Mapping
from typing import Any, Final

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import (
    AuthorizationError,
    CoordinatorNotAvailableError,
    GroupAuthorizationFailedError,
    KafkaError,
    NoError,
    TopicAuthorizationFailedError,
    for_code,
)

from agent.doctor.surroundings import Cluster, TopicFacts
from agent.errors import Unreachable

RETENTION: Final = ("retention.ms", "retention.bytes", "cleanup.policy")
TRIES: Final = 20
PAUSE_S: Final = 0.25


def look(admin: KafkaAdminClient, topic: str, dead_letter_topic: str, group: str) -> Cluster:
    """All that can be asked; raises Unreachable where nothing answers."""
    try:
        cluster = admin.describe_cluster()
        topics = {each["name"]: each for each in admin.describe_topics(list({topic, dead_letter_topic}))}
        return Cluster(
            brokers=len(cluster["brokers"]),
            topic=_topic(admin, topics[topic]),
            dead_letters=_topic(admin, topics[dead_letter_topic]),
            dead_letter_topic=dead_letter_topic,
            create=_may_create(cluster, topics[dead_letter_topic]),
            group=group,
            group_rights=_group(admin, group),
        )
    except KafkaError as error:
        raise Unreachable(f"Kafka: {type(error).__name__}") from error


def _topic(admin: KafkaAdminClient, described: Mapping[str, Any]) -> TopicFacts | None:
    """None where there is none; one that is hidden from us is there as far as we know, without rights."""
    name, error = described["name"], for_code(described["error_code"])
    if error is not NoError:
        return TopicFacts(name, 0, frozenset()) if error is TopicAuthorizationFailedError else None
    return TopicFacts(name, len(described["partitions"]), _rights(described), _settings(admin, name))


def _may_create(cluster: Mapping[str, Any], topic: Mapping[str, Any]) -> bool | None:
    """The right Create on the cluster or on the topic is enough; the broker tells that of a topic which is not there, too."""
    told = [rights for rights in (_rights(cluster), _rights(topic)) if rights is not None]
    return any("CREATE" in rights for rights in told) if told else None


def _rights(described: Mapping[str, Any]) -> frozenset[str] | None:
    """What we may do, by the names of Kafka's operations; older brokers do not say."""
    rights = described.get("authorized_operations")
    return None if rights is None else frozenset(rights)


def _settings(admin: KafkaAdminClient, name: str) -> dict[str, str] | None:
    """None where the right to see them is missing."""
    found = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)], config_filter="all")
    settings = found.get("topic", {}).get(name, {})
    told = {key: settings[key]["value"] for key in RETENTION if key in settings}
    return told or None


def _group(admin: KafkaAdminClient, group: str) -> frozenset[str] | None:
    """What we may do with the group; None of one that nobody has joined yet, of which brokers do not say."""
    for _ in range(TRIES):
        try:
            found = admin.describe_groups([group])[group]
        except AuthorizationError:
            return frozenset()
        except CoordinatorNotAvailableError:  # nobody has asked for any group yet: the brokers make their topic for it now
            time.sleep(PAUSE_S)
            continue
        if found["error"] and GroupAuthorizationFailedError.__name__ in found["error"]:
            return frozenset()
        return _rights(found)
    return None
