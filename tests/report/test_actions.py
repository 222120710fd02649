"""Actions in the journal, and which incident a fingerprint means."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from agent.alerting.action import Action
from agent.alerting.incident import Evidence
from agent.alerting.triage.advice import SCORES_ALONE
from agent.errors import Misconfigured, NotFound
from agent.report.actions import actions_since, entry_of, found, joined
from agent.store.memory import MemoryJournal
from tests.notify.examples import KOREAN, NOW, incident, resolved

HOUR = timedelta(hours=1)
ACK = Action(KOREAN.fingerprint, KOREAN.began_at, "ack", NOW, note="I look", by="ann")
CLOSE = Action(KOREAN.fingerprint, KOREAN.began_at, "close", NOW + HOUR, verdict="expected")
FIRST = resolved(began_at=NOW - 9 * HOUR)
AGAIN = incident(began_at=NOW + 9 * HOUR)
GERMAN = incident(fingerprint="9f2d", language="de")


def test_what_is_written_is_read() -> None:
    """Every field, with times in UTC; oldest first."""
    journal = MemoryJournal()
    journal.write([entry_of(CLOSE), entry_of(ACK)])
    assert actions_since(journal) == [ACK, CLOSE]


def test_the_evaluator_reads_what_is_new() -> None:
    """From a time on, that very moment included."""
    journal = MemoryJournal()
    journal.write([entry_of(ACK), entry_of(CLOSE)])
    assert actions_since(journal, CLOSE.at) == [CLOSE]
    assert actions_since(journal, CLOSE.at + timedelta(milliseconds=1)) == []


def test_actions_come_to_their_incidents() -> None:
    """Each to its own, in the order of the incidents."""
    shown = joined([GERMAN, KOREAN], [CLOSE, ACK])
    assert shown[0] == GERMAN
    assert (shown[1].fingerprint, shown[1].acknowledged_at, shown[1].verdict) == (KOREAN.fingerprint, NOW, "expected")


def test_what_a_golden_set_has_not_confirmed_is_no_reason_to_roll_back() -> None:
    """Whoever shows or tells an incident says so; what was found out before stays with those that nobody weighed."""
    golden = Evidence("golden:support", "recall@10", 0.002)
    weighed = incident(confirmed="no", advice="Roll back v42 first.", evidence=(*KOREAN.evidence, golden))
    shown = joined([weighed, replace(GERMAN, advice="Roll back v42 first.")], [ACK])
    assert [one.advice for one in shown] == [SCORES_ALONE["change"], "Roll back v42 first."]
    assert shown[0].acknowledged_at == NOW


@pytest.mark.parametrize("name", ["9f2c41d0", "9f2c", "9f2c4"])
def test_a_fingerprint_can_be_shortened(name: str) -> None:
    """As long as nothing else begins so."""
    assert found([GERMAN, KOREAN], name) == KOREAN


def test_a_whole_fingerprint_is_itself() -> None:
    """Also where another one begins with it."""
    longer = incident(fingerprint="9f2d00")
    assert found([longer, GERMAN], "9f2d") == GERMAN


@pytest.mark.parametrize("name", ["", "ff", "f2c", "9F2C41D0", "9f2c41d0 ", "9f2c41d00"])
def test_an_unknown_fingerprint_is_told(name: str) -> None:
    """With the command that shows those there are."""
    with pytest.raises(NotFound, match=r"no incident has this fingerprint: `babelwatch alerts --all` shows them"):
        found([GERMAN, KOREAN], name)


def test_what_is_unknown_forges_no_lines() -> None:
    """The name comes back as it was typed, visibly."""
    with pytest.raises(NotFound, match=r"^'\\x1b\[2J\\n': no incident"):
        found([KOREAN], "\x1b[2J\n")


def test_a_prefix_of_several_is_told() -> None:
    """With the first of them; nothing is done to any."""
    with pytest.raises(Misconfigured, match=r"^9f2: several fingerprints begin so: 9f2c41d0, 9f2d$"):
        found([GERMAN, KOREAN], "9f2")
    many = [incident(fingerprint=f"9f{number}") for number in range(9)]
    with pytest.raises(Misconfigured, match=r": 9f0, 9f1, 9f2, 9f3, 9f4, …$"):
        found(many, "9")


def test_the_newest_is_meant_or_the_one_of_a_time() -> None:
    """The same language falls again under the same fingerprint; before it is resolved it is open, from then on not."""
    known = [KOREAN, FIRST, AGAIN]
    assert found(known, "9f2c") == AGAIN
    assert found(known, "9f2c", NOW - 9 * HOUR) == FIRST
    assert found(known, "9f2c", NOW) == KOREAN
    with pytest.raises(NotFound, match=r"^9f2c: was not open at 2026-11-15 08:30 UTC; it began at .*2026-11-16 17:30$"):
        found(known, "9f2c", datetime(2026, 11, 15, 8, 30, tzinfo=UTC))
    with pytest.raises(NotFound, match="was not open"):
        found([FIRST], "9f2c", NOW)
