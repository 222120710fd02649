"""Why partitions wait: a reason is logged when it is new, not with every try, and told to whoever asks."""

import logging
from collections.abc import Mapping

from agent.records import Partition

log = logging.getLogger(__name__)


class Waits:
    """The partitions that cannot go on now, with a sentence on each."""

    def __init__(self) -> None:
        self._why: dict[Partition, str] = {}

    def note(self, partition: Partition, why: str) -> None:
        """A partition cannot go on."""
        if self._why.get(partition) != why:
            log.warning("%s waits: %s", partition, why)
        self._why[partition] = why

    def over(self, partition: Partition) -> None:
        """It goes on, or is somebody else's."""
        if self._why.pop(partition, None):
            log.info("%s waits no longer", partition)

    def reasons(self) -> Mapping[str, str]:
        """What /readyz says."""
        return {str(partition): why for partition, why in self._why.items()}
