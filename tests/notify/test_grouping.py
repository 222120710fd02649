"""What is told together, and when."""

from datetime import timedelta

import pytest

from agent.alerting.incident import Incident
from agent.notify.grouping import AT_ONCE, UNGROUPED, Timing, due_at, group_of
from tests.notify.examples import KOREAN, NOW, incident, monitor, of

TIMING = Timing(wait=timedelta(seconds=30), interval=timedelta(minutes=5))
GROUP = group_of(KOREAN, "chat")


def test_languages_with_one_cause_are_one_group() -> None:
    """Whatever their severity and state."""
    assert group_of(of("ja", severity="critical", state="resolved"), "chat") == GROUP


@pytest.mark.parametrize(
    "other",
    [
        incident(service="shop"),
        incident(environment="test"),
        incident(class_="volume"),
        incident(cause="ingest"),
    ],
    ids=["service", "environment", "class", "cause"],
)
def test_what_differs_is_told_apart(other: Incident) -> None:
    """Another service, environment, class or cause is another message, and so is another receiver."""
    assert group_of(other, "chat") != GROUP
    assert group_of(KOREAN, "mail") != GROUP


def test_what_the_agent_says_of_itself_is_alone() -> None:
    """Two of its own are two groups, with names of their own."""
    one, other = group_of(monitor("a"), "chat"), group_of(monitor("b"), "chat")
    assert one != other
    assert one.name != other.name


def test_news_wait_for_others() -> None:
    """The first of a group waits, counted from when it came."""
    assert due_at(GROUP, NOW, None, TIMING) == NOW + timedelta(seconds=30)


def test_what_comes_later_waits_for_the_interval() -> None:
    """Ends, too: the next message of a group comes some time after the last."""
    assert due_at(GROUP, NOW, NOW - timedelta(minutes=1), TIMING) == NOW + timedelta(minutes=4)
    assert due_at(GROUP, NOW, NOW - timedelta(hours=1), TIMING) == NOW + timedelta(seconds=30)


def test_what_got_worse_waits_for_nothing() -> None:
    """Nor does what somebody waits for."""
    assert due_at(GROUP, NOW, NOW - timedelta(minutes=1), TIMING, hurry=True) == NOW


def test_what_the_agent_says_of_itself_waits_for_nothing() -> None:
    """It may be blind until somebody comes."""
    assert due_at(group_of(monitor(), "chat"), NOW, NOW, TIMING) == NOW


def test_the_times_that_are_usual() -> None:
    """Half a minute, five minutes; four hours, a day and never, as documented."""
    assert (Timing().wait, Timing().interval) == (timedelta(seconds=30), timedelta(minutes=5))
    assert Timing().repeat == {"critical": timedelta(hours=4), "warning": timedelta(days=1), "info": None}


def test_a_receiver_that_groups_by_itself_is_told_at_once_and_never_again() -> None:
    """It would group what is grouped."""
    assert (UNGROUPED.wait, UNGROUPED.interval) == (AT_ONCE, AT_ONCE)
    assert set(UNGROUPED.repeat.values()) == {None}
