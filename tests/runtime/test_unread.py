"""What rules find nothing in: said, and said once."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from agent.alerting.evaluator import Evaluator
from agent.alerting.finding import Subject
from agent.runtime.unread import Unread
from tests.alerting.traffic import QUALITY, RULES

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
HALF = timedelta(minutes=30)
KOREAN = Subject("help", "prod", "ko", "change")


class Relabelled(Evaluator):
    """One that has found labels of another share of the queries."""

    @property
    def not_comparable(self) -> dict[Subject, str]:
        """Of one language."""
        return {KOREAN: "their share went from 50 % to 10 %"}


def test_what_the_log_does_not_give_is_said_once_an_hour_was_evaluated(caplog: pytest.LogCaptureFixture) -> None:
    """Not before, since a log may begin with anything; and not again."""
    caplog.set_level(logging.INFO, "agent")
    unread = Unread(Evaluator(RULES, QUALITY))
    unread.say(NOON, NOON + HALF)
    assert caplog.messages == []
    for n in (1, 2, 3):
        unread.say(NOON + n * HALF, NOON + (n + 1) * HALF)
    [recall] = [line for line in caplog.messages if "recall_at_k" in line]
    assert recall == "rules ask for recall_at_k, which the log does not give; it needs relevant documents in the log"


def test_a_language_whose_labels_changed_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    """At once, with the reason."""
    caplog.set_level(logging.INFO, "agent")
    unread = Unread(Relabelled([], QUALITY))
    unread.say(NOON, NOON + HALF)
    unread.say(NOON + HALF, NOON + 4 * HALF)
    assert caplog.messages == ["labels of ko (help) are not compared: their share went from 50 % to 10 %"]
