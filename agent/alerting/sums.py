"""What the rules read: the sums of one minute of one window key."""

from typing import NamedTuple

from agent.records import WindowKey


class Minute(NamedTuple):
    """Sums as they are read back from the store; scores and recalls in millionths.

    `minute` counts from the Unix epoch in UTC. A row may stand for a past hour, then it is the hour's first minute.
    """

    minute: int
    key: WindowKey
    events: int
    errors: int
    zero_results: int
    scored: int
    score_sum: int
    score_sq: int
    score_hist: dict[int, int]
    labelled: int
    recall_sum: int
    recall_sq: int
    mixed: int = 0
    routes: dict[str, int] = {}  # noqa: RUF012 - nobody changes a row
    answered: int = 0
    answered_otherwise: int = 0
    translated: int = 0
    translation_sum: int = 0
    untold: int = 0

    @property
    def told(self) -> int:
        """Searches that did not fail, and of which it is known what they found."""
        return self.events - self.errors - self.untold
