"""Queries of a run are told from users' by their texts and times, where a service forwards nothing."""

from datetime import datetime, timedelta

import pytest

from agent.probing.golden.marks import Marked, is_marked, mark
from agent.probing.kept import OpenRun
from tests.probing.golden.builders import NOW

KEY, OTHER = "00" * 16, "ff" * 16
UNTIL = NOW + timedelta(minutes=12)
RUN = OpenRun("r1", "support", NOW, UNTIL, KEY, (mark(KEY, "café"), mark(KEY, "where is my parcel")))


def at(time: datetime) -> int:
    """Epoch milliseconds, as events have them."""
    return int(time.timestamp() * 1000)


def test_a_mark_is_the_text_under_a_key() -> None:
    """White space around it and composition do not matter, letters do; another key gives another mark, and no text stands in it."""
    assert mark(KEY, " cafe\u0301\n") == mark(KEY, "caf\u00e9")
    assert len({mark(KEY, "cafe"), mark(KEY, "café"), mark(KEY, "CAFÉ"), mark(OTHER, "café")}) == 4
    assert (len(mark(KEY, "café")), "caf" in mark(KEY, "café")) == (32, False)
    assert mark(KEY, "\ud800")  # what a broken client sends is no reason to stop
    assert is_marked(KEY, RUN.queries, "café")
    assert not is_marked(OTHER, RUN.queries, "café")


def test_a_query_of_an_open_run_is_no_users() -> None:
    """At any time of the run, from a minute before it: the service's clock may be behind."""
    marked = Marked([RUN])
    for time in (NOW - timedelta(minutes=1), NOW, UNTIL):
        assert marked.has(at(time), " café ")


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (NOW - timedelta(minutes=1, milliseconds=2), "café"),
        (UNTIL + timedelta(milliseconds=1), "café"),
        (NOW, "another question"),
        (NOW, ""),
        (NOW, None),
    ],
    ids=["before it", "after it", "another text", "no text", "text left out"],
)
def test_everything_else_is_a_users(time: datetime, text: str | None) -> None:
    """Before and after the run, and any other text within it."""
    assert not Marked([RUN]).has(at(time), text)
    assert not Marked([]).has(at(time), text)


def test_several_runs_may_be_open() -> None:
    """Each with its own key and its own time."""
    later = OpenRun("r2", "other", UNTIL, UNTIL + timedelta(hours=1), OTHER, (mark(OTHER, "taxi"),))
    marked = Marked([RUN, later])
    assert marked.has(at(UNTIL), "taxi")
    assert marked.has(at(UNTIL), "café")
    assert not marked.has(at(NOW), "taxi")
