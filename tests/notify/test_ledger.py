"""What every receiver was told: an index of what was posted and settled."""

from datetime import timedelta
from typing import Any

from agent.alerting.incident import Incident
from agent.notify.base import TransportError
from agent.notify.dedup import Reason
from agent.notify.ledger import Ledger
from agent.notify.notification import Delivery, Notification, Outcome
from agent.notify.trouble import LABEL, Failing, Trouble
from tests.notify.examples import KOREAN, NOW, incident, notification, of, resolved

LATER = NOW + timedelta(minutes=5)


def settle(ledger: Ledger, note: Notification, outcome: Outcome = "sent", **receipt: str) -> None:
    """It was sent, or never will be."""
    ledger.settled(Delivery(id=note.id, receiver=note.receiver, outcome=outcome, reason=note.reason, at=LATER, receipt=receipt))


def follow_up(id_: str, *incidents: Incident, **changes: Any) -> Notification:
    """A later one in the thread of n1."""
    return notification(
        *incidents, **{"id": id_, "thread": "n1", "kind": "update", "reason": Reason.ESCALATED, "at": LATER, **changes}
    )


def ledger_of(*notes: Notification) -> Ledger:
    """A ledger in which these were posted."""
    ledger = Ledger()
    for note in notes:
        ledger.posted(note)
    return ledger


def test_what_is_posted_counts_as_told() -> None:
    """Each of its incidents, for its receiver only, as something that is still to be sent."""
    ledger = ledger_of(notification(KOREAN, of("ja")))
    told = ledger.told("chat", of("ja"))
    assert told is not None
    assert (told.state, told.severity, told.at, told.outcome) == ("firing", "warning", NOW, "queued")
    assert ledger.told("mail", KOREAN) is None


def test_another_beginning_is_another_incident() -> None:
    """The fingerprint comes again, the time at which it began does not."""
    assert ledger_of(notification()).told("chat", incident(began_at=NOW)) is None


def test_what_was_sent_is_told_in_full() -> None:
    """With the receipt of the first message one can add to it."""
    ledger = ledger_of(notification())
    settle(ledger, notification(), number="1")
    told, strand = ledger.told("chat", KOREAN), ledger.strand("chat", KOREAN)
    assert told is not None
    assert strand is not None
    assert (told.outcome, told.follows_up, strand.receipt) == ("sent", True, {"number": "1"})
    assert list(ledger.unsettled()) == []


def test_the_newest_receipt_is_the_threads() -> None:
    """The first message may be gone, and the channel have begun again; a later answer that says nothing changes nothing."""
    update = follow_up("n2", incident(severity="critical"))
    ledger = ledger_of(notification(), update)
    settle(ledger, notification(), number="1")
    settle(ledger, update, number="2")
    assert ledger.named("n1").receipt == {"number": "2"}
    end = follow_up("n3", resolved())
    ledger.posted(end)
    settle(ledger, end)
    assert ledger.named("n1").receipt == {"number": "2"}


def test_what_was_refused_leaves_what_was_heard_before() -> None:
    """That it got worse did not arrive, but the fire did: its end is told, also when somebody begins anew."""
    worse = follow_up("n2", incident(severity="critical"))
    ledger = ledger_of(notification(), worse)
    settle(ledger, notification())
    settle(ledger, worse, "failed")
    told = ledger.told("chat", KOREAN)
    assert told is not None
    assert (told.outcome, told.severity, told.before and told.before.severity) == ("failed", "critical", "warning")
    ledger.forgive()
    assert ledger.told("chat", KOREAN) == told.before


def test_two_that_are_refused_leave_nothing() -> None:
    """Though the second was posted before the first was refused."""
    worse = follow_up("n2", incident(severity="critical"))
    ledger = ledger_of(notification(), worse)
    settle(ledger, notification(), "failed")
    settle(ledger, worse, "failed")
    ledger.forgive()
    assert ledger.told("chat", KOREAN) is None


def test_what_was_replaced_was_never_told() -> None:
    """What stands for it is the only thing that counts."""
    end = follow_up("n2", resolved())
    ledger = ledger_of(notification(), end)
    settle(ledger, notification(), "replaced")
    settle(ledger, end, "replaced")
    assert ledger.told("chat", KOREAN) is None
    ledger.posted(notification(resolved(), id="n3", kind="resolved"))
    strand = ledger.strand("chat", KOREAN)
    assert strand is not None
    assert (strand.id, ledger.begun("chat", KOREAN)) == ("n3", 2)


def test_a_thread_knows_all_that_it_is_about() -> None:
    """In the newest state that was told; it is over when all of it is."""
    ledger = ledger_of(notification(KOREAN, of("ja")), follow_up("n2", resolved()))
    strand = ledger.named("n1")
    assert [one.state for one in strand.members.values()] == ["resolved", "firing"]
    assert (strand.over, strand.length) == (False, 2)
    ledger.posted(follow_up("n3", of("ja", state="resolved", resolved_at=NOW)))
    assert strand.over


def test_an_open_thread_is_found_by_its_key() -> None:
    """As long as it is open, for its receiver, and under the fingerprint that it began with."""
    ledger = ledger_of(notification(KOREAN, of("ja")))
    assert ledger.open_strand("chat", KOREAN.fingerprint) is ledger.named("n1")
    assert ledger.open_strand("mail", KOREAN.fingerprint) is None
    assert ledger.open_strand("chat", of("ja").fingerprint) is None
    ledger.posted(follow_up("n2", resolved(), of("ja", state="resolved", resolved_at=NOW)))
    assert ledger.open_strand("chat", KOREAN.fingerprint) is None


def test_a_thread_that_never_arrived_is_not_gone_on_with() -> None:
    """Where the first message was refused, the next one begins."""
    ledger = ledger_of(notification())
    settle(ledger, notification(), "failed")
    assert ledger.open_strand("chat", KOREAN.fingerprint) is None


def test_what_waits_is_known_in_its_order() -> None:
    """Until it is settled."""
    first, second = notification(), follow_up("n2", incident(severity="critical"))
    ledger = ledger_of(first, second)
    assert list(ledger.unsettled()) == [first, second]
    settle(ledger, first)
    assert list(ledger.unsettled()) == [second]
    settle(ledger, first)
    assert ledger.known == {"n1", "n2"}


def test_the_last_message_of_a_group() -> None:
    """When it was posted, in the time of the decision."""
    ledger = ledger_of(notification(), follow_up("n2", incident(severity="critical")))
    assert ledger.last(notification().group) == LATER
    assert ledger.last("another") is None


def outage(receiver: str, state: str = "firing") -> Incident:
    """That a receiver cannot be reached."""
    trouble = Trouble(receiver)
    told = trouble._firing(Failing(NOW, TransportError("away", permanent=False), 0), NOW)
    return told if state == "firing" else trouble._over(told, LATER)


def test_the_trouble_of_a_receiver_is_known_until_it_is_over() -> None:
    """Whoever was told of it."""
    ledger = ledger_of(notification(outage("chat"), receiver="mail"))
    assert ledger.troubles() == {"chat": outage("chat")}
    ledger.posted(follow_up("n2", outage("chat", "resolved"), receiver="mail"))
    assert ledger.troubles() == {}


def test_a_rules_label_is_no_trouble_of_a_receiver() -> None:
    """Rules give labels of their own, whatever they are called."""
    assert ledger_of(notification(incident(class_="monitor", labels={LABEL: "chat"}))).troubles() == {}


def test_what_fires_and_what_ended_lately_is_sustained() -> None:
    """For a receiver that forgets; what ended earlier is not told again."""
    old = of("ja", state="resolved", resolved_at=NOW - timedelta(minutes=6))
    ledger = ledger_of(notification(KOREAN, old, of("de", state="resolved", resolved_at=NOW - timedelta(minutes=5))))
    assert [one.language for one in ledger.sustained("chat", NOW, timedelta(minutes=5))] == ["ko", "de"]
    assert ledger.sustained("mail", NOW, timedelta(minutes=5)) == []
