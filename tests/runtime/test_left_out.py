"""What is said of partitions that as_of goes on without."""

import logging
from datetime import timedelta

import pytest

from agent.records import Partition
from agent.runtime.left_out import LeftOut, marked, sentence
from tests.notify.examples import incident
from tests.runtime.rig import NOW, P0, P1


def test_the_first_few_are_named() -> None:
    """With since when, in their order; a topic of a thousand partitions floods nobody."""
    assert sentence({P1: NOW}) == "logs/1 has not been read since 2026-11-16 08:30 UTC"
    many = sentence({Partition("logs", number): NOW for number in range(9, -1, -1)})
    assert many.count("has not been read") == 3
    assert many.startswith("logs/0 ")
    assert many.endswith(", and 7 more")


def test_an_incident_is_marked_once() -> None:
    """As it was found; with nothing left out it stays as it is."""
    whole = incident()
    once = marked(whole, {P1: NOW})
    assert once.summary == f"{whole.summary} Partial: logs/1 has not been read since 2026-11-16 08:30 UTC."
    assert marked(once, {P0: NOW}) == once
    assert marked(whole, {}) == whole


def test_the_log_has_one_line_for_each_change(caplog: pytest.LogCaptureFixture) -> None:
    """When as_of goes on without one, when others are left out, and when it waits for all again."""
    left_out = LeftOut()
    with caplog.at_level(logging.INFO):
        for without in ({}, {P1: NOW}, {P1: NOW}, {P1: NOW, P0: NOW}, {P1: NOW, P0: NOW}, {}, {}):
            left_out.note(without)
    assert [line.split(":")[0] for line in caplog.messages] == [
        "as_of goes on, alerts are marked partial, volumes are not compared",
        "as_of goes on, alerts are marked partial, volumes are not compared",
        "as_of waits for all partitions again",
    ]
    assert "logs/1 has not been read since 2026-11-16 08:30 UTC" in caplog.messages[0]


def test_what_waits_and_who_is_left_out_are_told_together() -> None:
    """The reason first where it is known."""
    left_out = LeftOut()
    assert left_out.missing({"flush": "waits"}) == {"flush": "waits"}
    left_out.note({P1: NOW, P0: NOW + timedelta(hours=1)})
    assert left_out.missing({"logs/1": "no right", "flush": "waits"}) == {
        "logs/1": "no right; has not been read since 2026-11-16 08:30 UTC, as_of goes on without it",
        "logs/0": "has not been read since 2026-11-16 09:30 UTC, as_of goes on without it",
        "flush": "waits",
    }
