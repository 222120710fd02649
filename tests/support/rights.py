"""Rights on a broker that looks at them, taken from everybody and given back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)

from tests.support.broker import Broker

GUARDED: Final = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "true",
}
EVERYBODY: Final = "User:ANONYMOUS"
CLUSTER: Final = ResourcePattern(ResourceType.CLUSTER, "kafka-cluster")


class Rights:
    """A guarded broker; whoever has a rule for a topic needs one for each thing that is done with it."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self._admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
        self._rule(CLUSTER, ACLOperation.ALL, ACLPermissionType.ALLOW)

    @property
    def bootstrap(self) -> str:
        """The broker's address."""
        return self.broker.bootstrap

    @contextmanager
    def unwritable(self, topic: str) -> Iterator[None]:
        """Nobody may write this topic."""
        with self._denied(ResourcePattern(ResourceType.TOPIC, topic), ACLOperation.WRITE):
            yield

    @contextmanager
    def uncreatable(self, topic: str) -> Iterator[None]:
        """Nobody may make this topic; it could be written if it were there."""
        self._rule(ResourcePattern(ResourceType.TOPIC, topic), ACLOperation.WRITE, ACLPermissionType.ALLOW)
        with self._denied(CLUSTER, ACLOperation.CREATE):
            yield

    @contextmanager
    def unreadable_group(self, group: str) -> Iterator[None]:
        """Nobody may read as this group, which is to join it and to commit."""
        with self._denied(ResourcePattern(ResourceType.GROUP, group), ACLOperation.READ):
            yield

    @contextmanager
    def _denied(self, resource: ResourcePattern, operation: ACLOperation) -> Iterator[None]:
        self._rule(resource, operation, ACLPermissionType.DENY)
        try:
            yield
        finally:
            pattern = ResourcePatternFilter(resource.resource_type, resource.resource_name, ACLResourcePatternType.LITERAL)
            self._admin.delete_acls([ACLFilter(EVERYBODY, "*", operation, ACLPermissionType.DENY, pattern)])

    def _rule(self, resource: ResourcePattern, operation: ACLOperation, kind: ACLPermissionType) -> None:
        self._admin.create_acls([ACL(EVERYBODY, "*", operation, kind, resource)])

    def close(self) -> None:
        """Close the client."""
        self._admin.close()
