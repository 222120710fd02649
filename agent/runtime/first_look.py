"""Whether the agent can read its log at all, by the first messages of a run.

A wrong topic or a missing mapping would move the position past everything and leave nothing but dead letters.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from agent.decode.dead_letter import DeadLetter
from agent.errors import Stop

MESSAGES: Final = 1_000
REJECTED: Final = 0.99


class FirstLook:
    """Looks at the first 1,000 messages, and at none afterwards."""

    def __init__(self) -> None:
        self._messages = 0
        self._rejected: Counter[str] = Counter()
        self._topics: Counter[str] = Counter()

    def note(self, accepted: int, rejected: Sequence[DeadLetter]) -> None:
        """So many more could be read, these could not; raises Stop when nearly none of the first could."""
        if self._messages >= MESSAGES:
            return
        self._messages += accepted + len(rejected)
        self._rejected.update(letter.reason.value for letter in rejected)
        self._topics.update(letter.message.partition.topic for letter in rejected)
        if self._messages >= MESSAGES and self._rejected.total() >= REJECTED * self._messages:
            reasons = ", ".join(f"{reason} {count:,}" for reason, count in self._rejected.most_common(3))
            [(topic, _)] = self._topics.most_common(1)
            raise Stop(
                f"{self._rejected.total():,} of the first {self._messages:,} messages were rejected ({reasons}): is this the retrieval "
                f"log? `babelwatch doctor --topic {topic}` says what is there and what to set"
            )
