"""What rules find nothing in, said once in the agent's own log: silence of a rule is not health."""

import logging
from datetime import datetime, timedelta
from typing import Final

from agent.alerting.evaluator import Evaluator
from agent.alerting.finding import Subject

log = logging.getLogger(__name__)

AFTER: Final = timedelta(hours=1)  # of evaluated minutes: by then it is seen what the log gives


class Unread:
    """Measures that the log does not give, and languages whose labels changed."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._of: set[Subject] = set()
        self._due_at: datetime | None = None
        self._said = False

    def say(self, start: datetime, end: datetime) -> None:
        """[start, end) was evaluated: what is news of it."""
        self._say_of_labels()
        self._due_at = self._due_at or start + AFTER
        if not self._said and end >= self._due_at:
            self._said = True
            for measure, needed in self._evaluator.missing.items():
                log.info("rules ask for %s, which the log does not give; it needs %s", measure, needed)

    def _say_of_labels(self) -> None:
        for subject in self._evaluator.not_comparable.keys() - self._of:
            self._of.add(subject)
            why = self._evaluator.not_comparable[subject]
            log.info("labels of %s (%s) are not compared: %s", subject.language, subject.service, why)
