"""What each receiver was told, kept in the journal."""

from typing import Any

import pytest
from msgspec.structs import replace

from agent.errors import RetryLater
from agent.notify.dedup import Reason
from agent.notify.deliveries import Deliveries
from agent.notify.steps import Delivery
from tests.notify.examples import KOREAN, NOW
from tests.runtime.rig import UnsteadyJournal

BEGAN = "2026-11-16T08:14:00+00:00"
FIRED = Delivery("chat", KOREAN.fingerprint, BEGAN, "firing", Reason.FIRST, NOW, "sent")


def delivery(**changes: Any) -> Delivery:
    """The Korean incident told to the chat, with other values where they are given."""
    return replace(FIRED, **changes)


@pytest.fixture
def journal() -> UnsteadyJournal:
    """A journal with a plug to pull."""
    return UnsteadyJournal()


def sent(deliveries: Deliveries, receiver: str = "chat", began: str = BEGAN) -> str | None:
    """What the receiver was told last."""
    return deliveries.sent(receiver, KOREAN.fingerprint, began)


def test_nobody_was_told_anything_yet(journal: UnsteadyJournal) -> None:
    """No state, which is something else than resolved."""
    assert sent(Deliveries(journal)) is None


@pytest.mark.parametrize("restart", [False, True])
def test_the_last_state_counts(journal: UnsteadyJournal, restart: bool) -> None:  # noqa: FBT001  a table's column
    """In this process and in the next one."""
    deliveries = Deliveries(journal)
    deliveries.record(FIRED)
    assert sent(Deliveries(journal) if restart else deliveries) == "firing"
    deliveries.record(delivery(state="resolved", reason=Reason.RESOLVED, at=NOW.replace(minute=40)))
    assert sent(Deliveries(journal) if restart else deliveries) == "resolved"


def test_an_incident_that_fired_again_is_firing(journal: UnsteadyJournal) -> None:
    """By the time of the deliveries, and not by the order of the states."""
    deliveries = Deliveries(journal)
    deliveries.record(FIRED)
    deliveries.record(delivery(state="resolved", reason=Reason.RESOLVED, at=NOW.replace(minute=40)))
    deliveries.record(delivery(reason=Reason.REOPENED, at=NOW.replace(minute=50)))
    assert sent(deliveries) == sent(Deliveries(journal)) == "firing"


def test_each_receiver_and_each_incident_is_another(journal: UnsteadyJournal) -> None:
    """Who was told stands beside what about; the same break on another day is another incident."""
    deliveries = Deliveries(journal)
    deliveries.record(FIRED)
    assert sent(deliveries, receiver="pager") is None
    assert sent(deliveries, began="2026-11-17T08:14:00+00:00") is None
    assert deliveries.sent("chat", "another", BEGAN) is None


@pytest.mark.parametrize("restart", [False, True])
def test_a_failed_delivery_told_nobody(journal: UnsteadyJournal, restart: bool) -> None:  # noqa: FBT001  a table's column
    """It stands in the journal with its reason, and the next one may go out."""
    deliveries = Deliveries(journal)
    deliveries.record(delivery(outcome="failed", error="no such channel"))
    assert sent(Deliveries(journal) if restart else deliveries) is None
    (row,) = journal.read("delivery")
    assert (row.body["outcome"], row.body["error"]) == ("failed", "no such channel")


def test_a_state_is_one_row(journal: UnsteadyJournal) -> None:
    """A delivery that failed and was made good later is one that was sent."""
    deliveries = Deliveries(journal)
    deliveries.record(delivery(outcome="failed", error="down"))
    deliveries.record(FIRED)
    assert [row.body["outcome"] for row in journal.read("delivery")] == ["sent"]


def test_a_journal_that_is_away_makes_nobody_hear_it_twice(journal: UnsteadyJournal) -> None:
    """The message is out: this process knows it, whatever can be written down."""
    deliveries = Deliveries(journal)
    journal.plug.pulled = True
    with pytest.raises(RetryLater):
        deliveries.record(FIRED)
    assert sent(deliveries) == "firing"


def test_what_could_not_be_written_is_written_with_the_next(journal: UnsteadyJournal) -> None:
    """Once the journal is back every delivery is in it."""
    deliveries = Deliveries(journal)
    journal.plug.pulled = True
    for receiver in ("chat", "pager"):
        with pytest.raises(RetryLater):
            deliveries.record(delivery(receiver=receiver))
    journal.plug.pulled = False
    deliveries.record(delivery(receiver="mail"))
    again = Deliveries(journal)
    assert [sent(again, receiver) for receiver in ("chat", "pager", "mail")] == ["firing"] * 3
