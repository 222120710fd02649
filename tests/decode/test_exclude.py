"""Events that are nobody's query are dropped by field."""

from agent.decode.exclude import Exclusion, keep
from agent.records import Accepted, Event

ITEMS = [Accepted(n, 0, Event(str(n), 0, service=service)) for n, service in enumerate(["help", "loadtest", None, "help"])]


def offsets(*exclusions: Exclusion) -> list[int]:
    """What is left."""
    return [item.offset for item in keep(ITEMS, exclusions)]


def test_events_are_dropped_by_the_text_of_a_field() -> None:
    """Only the events whose field equals the text go; the others keep their order."""
    assert offsets(Exclusion("service", "loadtest")) == [0, 2, 3]
    assert offsets(Exclusion("service", "load")) == [0, 1, 2, 3]


def test_one_exclusion_is_enough() -> None:
    """An event goes when any of several exclusions names it."""
    assert offsets(Exclusion("service", "loadtest"), Exclusion("event_id", "3")) == [0, 2]


def test_without_exclusions_everything_is_kept() -> None:
    """No configuration drops nothing."""
    assert offsets() == [0, 1, 2, 3]
