"""Whether a dead letter can be fed again: the settings may have changed since it was rejected."""

from collections.abc import Collection
from typing import Final

from agent.decode.base import Decoder
from agent.decode.dead_letter import Kept
from agent.records import Partition, RawMessage

CUT: Final = "cut"  # a part of the message is missing
ANOTHER_LOG: Final = "another_log"  # the topic it came from is none of those that are read


class Judge:
    """Reads a letter with the settings of today; `topics` are those that may be fed (None: whatever it came from)."""

    def __init__(self, decoder: Decoder, topics: Collection[str] | None) -> None:
        self._decoder = decoder
        self._topics = topics

    def obstacle(self, letter: Kept, now_ms: int) -> str | None:
        """Why a letter cannot be fed now: a reason of a dead letter, or one of the two above. None: it can."""
        if letter.cut:
            return CUT
        if self._topics is not None and (letter.partition is None or letter.partition.topic not in self._topics):
            return ANOTHER_LOG
        message = RawMessage(letter.partition or Partition(letter.source, 0), letter.offset, letter.value)
        rejected = self._decoder.reader().read([message], now_ms).rejected
        return rejected[0].reason.value if rejected else None
