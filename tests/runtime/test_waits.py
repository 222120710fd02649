"""Why partitions wait: told once, as long as it is the same, and no longer than it lasts."""

import logging

import pytest

from agent.runtime.waits import Waits
from tests.runtime.rig import P0, P1


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What is logged."""
    caplog.set_level(logging.INFO)
    return caplog


def test_a_reason_is_logged_once_however_often_it_is_tried(log: pytest.LogCaptureFixture) -> None:
    """Every two seconds for an hour is one line; another reason, another partition, and the end are news."""
    waits = Waits()
    for _ in range(1800):
        waits.note(P0, "no topic")
    waits.note(P1, "no topic")
    waits.note(P0, "no right")
    waits.over(P0)
    waits.over(P0)
    waits.note(P0, "no right")
    assert [record.getMessage() for record in log.records] == [
        "logs/0 waits: no topic",
        "logs/1 waits: no topic",
        "logs/0 waits: no right",
        "logs/0 waits no longer",
        "logs/0 waits: no right",
    ]


def test_whoever_asks_hears_what_is_true_now() -> None:
    """By topic and partition."""
    waits = Waits()
    waits.note(P0, "no topic")
    waits.note(P0, "no right")
    waits.note(P1, "no topic")
    assert waits.reasons() == {"logs/0": "no right", "logs/1": "no topic"}
    waits.over(P0)
    assert waits.reasons() == {"logs/1": "no topic"}
