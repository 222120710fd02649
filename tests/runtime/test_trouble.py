"""Trouble: told when it begins, once a minute while it lasts, and when it is over."""

import logging
from datetime import timedelta

import pytest

from agent.runtime.trouble import Trouble
from tests.runtime.rig import NOW


def test_an_hour_of_failures_is_a_line_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """The first says what is wrong, the others how often and since when, and the last that it is over."""
    trouble = Trouble()
    for second in range(0, 3600, 2):
        trouble.note("the store is away", NOW + timedelta(seconds=second))
    assert trouble.over()
    assert caplog.messages[0] == "the store is away"
    assert caplog.messages[1] == "the store is away (31 failures since 08:30:00 UTC)"
    assert caplog.messages[-1] == "ready again (1,800 failures since 08:30:00 UTC)"
    assert len(caplog.messages) == 1 + 59 + 1
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def test_what_fails_newly_is_said_at_once(caplog: pytest.LogCaptureFixture) -> None:
    """After it was over, the next trouble begins anew; while nothing is wrong nothing is over."""
    trouble = Trouble()
    assert not trouble.over()
    for what in ("one", "another"):
        trouble.note(what, NOW)
        assert trouble.over()
    assert not trouble.over()
    assert caplog.messages == [
        "one",
        "ready again (1 failure since 08:30:00 UTC)",
        "another",
        "ready again (1 failure since 08:30:00 UTC)",
    ]


def test_the_newest_trouble_is_the_one_that_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """Where two things fail, the line of the minute has the last of them and counts both."""
    trouble = Trouble()
    for second, what in ((0, "the log"), (30, "the store"), (60, "the store")):
        trouble.note(what, NOW + timedelta(seconds=second))
    assert caplog.messages == ["the log", "the store (3 failures since 08:30:00 UTC)"]
