"""The dead-letter topic itself: made where it is missing, for as many letters as are worth keeping."""

from typing import Final

from kafka import KafkaAdminClient
from kafka.errors import (
    AuthorizationError,
    KafkaError,
    MessageSizeTooLargeError,
    NoError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)

from agent.errors import RetryLater

LARGEST_MESSAGE: Final = 1_048_588  # Kafka's own default
CONFIG: Final = {
    "cleanup.policy": "delete",
    "retention.ms": str(14 * 86_400_000),
    "retention.bytes": str(1 << 30),
    "segment.ms": str(86_400_000),  # whole segments are removed: by day and 64 MiB, so that the bounds hold
    "segment.bytes": str(64 << 20),
    "max.message.bytes": str(LARGEST_MESSAGE),
}


class DeadLetterTopic:
    """One topic, made with one partition, replicated as the brokers do by default; one that is there stays as it is."""

    def __init__(self, admin: KafkaAdminClient, name: str) -> None:
        self.name = name
        self._admin = admin

    def ensure(self) -> None:
        """Make the topic where it is missing; raises RetryLater that says what to do."""
        try:
            if self._is_missing():
                self._make()
        except KafkaError as error:
            raise self.unwritable(error) from error

    def _is_missing(self) -> bool:
        error = for_code(self._admin.describe_topics([self.name])[0]["error_code"])
        if error not in {NoError, UnknownTopicOrPartitionError}:
            raise error
        return error is UnknownTopicOrPartitionError

    def _make(self) -> None:
        settings = {"num_partitions": 1, "replication_factor": -1, "configs": CONFIG}
        try:
            self._admin.create_topics({self.name: settings}, wait_for_metadata=True)
        except TopicAlreadyExistsError:
            return  # another agent was quicker
        except AuthorizationError as error:
            raise self._refused(
                "it is not there, and the agent's user may not make it: make it, or give the right Create"
            ) from error

    def unwritable(self, error: KafkaError) -> RetryLater:
        """What is wrong, as a sentence that says what to do."""
        if isinstance(error, AuthorizationError):
            return self._refused("the agent's user may not: give it the right Write")
        if isinstance(error, MessageSizeTooLargeError):
            return self._refused(f"its messages may not be so large: set its max.message.bytes to {LARGEST_MESSAGE}")
        return self._refused(type(error).__name__)

    def _refused(self, why: str) -> RetryLater:
        return RetryLater(f"dead letters cannot be written to topic {self.name}: {why}")

    def close(self) -> None:
        """Close the client."""
        self._admin.close()
