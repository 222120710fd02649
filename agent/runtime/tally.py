"""What became of the messages of a run."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from agent.decode.dead_letter import DeadLetter
from agent.records import Accepted, Tag, TagReason


@dataclass
class Tally:
    """Each event is in exactly one of accepted, duplicates and excluded; a message of the native format is one event or rejected.

    Of messages with spans each can be many events, or none; `spans` counts their spans by what became of them. `tags` counts the
    accepted by why they are und or mixed; `declared` those whose declared language can be compared with the detected one (of one in
    eight that declare it), `declared_agrees` where both are the same. `lost` were removed before they were read, and are in none of
    these. `first` and `last` are event times in epoch milliseconds.
    """

    messages: int = 0
    accepted: int = 0
    duplicates: int = 0
    excluded: int = 0
    late: int = 0
    lost: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    spans: Counter[str] = field(default_factory=Counter)
    tags: Counter[TagReason] = field(default_factory=Counter)
    declared: int = 0
    declared_agrees: int = 0
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

    def add_tags(self, tags: Sequence[Tag]) -> None:
        """Count why tags are und or mixed, and whether they agree with what was declared."""
        self.tags.update([tag.reason for tag in tags if tag.reason])
        agrees = [tag.agrees for tag in tags if tag.agrees is not None]
        self.declared += len(agrees)
        self.declared_agrees += sum(agrees)

    def merge(self, other: "Tally") -> None:
        """Add the counts of a batch that is stored."""
        for name in ("messages", "accepted", "duplicates", "excluded", "late", "lost", "declared", "declared_agrees"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reasons.update(other.reasons)
        self.spans.update(other.spans)
        self.tags.update(other.tags)
        self.first = min((at for at in (self.first, other.first) if at is not None), default=None)
        self.last = max((at for at in (self.last, other.last) if at is not None), default=None)


def ignored(_: Tally) -> None:
    """What is done with the counts of a stored batch where nobody asks."""


def untimed(_: timedelta) -> None:
    """What is done with the time that a flush took where nobody asks."""
