"""What became of the messages of a run."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from agent.decode.dead_letter import DeadLetter
from agent.records import Accepted


@dataclass
class Tally:
    """Each message is in exactly one of accepted, rejected, duplicates and excluded.

    `first` and `last` are event times in epoch milliseconds.
    """

    messages: int = 0
    accepted: int = 0
    duplicates: int = 0
    excluded: int = 0
    late: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    first: int | None = None
    last: int | None = None

    @property
    def rejected(self) -> int:
        """Messages that became dead letters."""
        return self.reasons.total()

    def add_rejected(self, letters: Iterable[DeadLetter]) -> None:
        """Count dead letters by their reason."""
        self.reasons.update(letter.reason.value for letter in letters)

    def add_accepted(self, accepted: list[Accepted]) -> None:
        """Count events and the time they span."""
        if not accepted:
            return
        self.accepted += len(accepted)
        times = [item.at for item in accepted]
        self.first = min(times) if self.first is None else min(self.first, *times)
        self.last = max(times) if self.last is None else max(self.last, *times)

    def merge(self, other: "Tally") -> None:
        """Add the counts of a batch that is stored."""
        for name in ("messages", "accepted", "duplicates", "excluded", "late"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reasons.update(other.reasons)
        self.first = min((at for at in (self.first, other.first) if at is not None), default=None)
        self.last = max((at for at in (self.last, other.last) if at is not None), default=None)


def ignored(_: Tally) -> None:
    """What is done with the counts of a stored batch where nobody asks."""
