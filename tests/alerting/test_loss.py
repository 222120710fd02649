"""Lost records: what is told of them, and for how long they are an open alert."""

from datetime import timedelta

from agent.alerting.loss import OPEN_FOR, Loss, incident
from tests.store.builders import START

LOSS = Loss("id/3", "logs", 3, 1_000, 3_500, START)


def test_the_sentence_has_what_an_engineer_needs() -> None:
    """How many, of which partition, from where to where, when, and what it means for the figures."""
    assert incident(LOSS, START).summary == (
        "Up to 2,500 records of logs, partition 3, were removed from the log before they were read, between positions 1000 and "
        "3500: the counts of that time are too low (noticed at 2026-11-16 08:00 UTC)."
    )


def test_a_loss_stands_among_the_open_alerts_for_a_week() -> None:
    """Nothing mends it; afterwards it is history."""
    shown = [incident(LOSS, START + after) for after in (timedelta(0), OPEN_FOR - timedelta(seconds=1), OPEN_FOR)]
    assert [one.state for one in shown] == ["firing", "firing", "resolved"]
    assert [one.resolved_at for one in shown] == [None, None, START + OPEN_FOR]
    assert {(one.class_, one.severity, one.language) for one in shown} == {("monitor", "warning", "*")}


def test_a_loss_is_known_by_where_it_begins() -> None:
    """Noticed again after a crash, later and larger, it is the same one; another place or partition is another."""
    again = Loss("id/3", "logs", 3, 1_000, 9_000, START + timedelta(hours=1))
    others = (Loss("id/3", "logs", 3, 1_001, 3_500, START), Loss("id/4", "logs", 4, 1_000, 3_500, START))
    found = [incident(one, START) for one in (LOSS, again, *others)]
    assert found[0].fingerprint == found[1].fingerprint
    assert found[0].began_at == found[1].began_at
    assert len({one.fingerprint for one in found}) == 3
