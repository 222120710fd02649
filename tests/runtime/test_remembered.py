"""What evaluation keeps in the journal: written once, and found by whoever takes over."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from agent.alerting.changes import Change
from agent.alerting.evaluator import Evaluator
from agent.alerting.measures import Quality
from agent.alerting.notice import Notice
from agent.alerting.reference import Reference
from agent.errors import RetryLater
from agent.runtime.remembered import REFERENCE, Remembered
from agent.store.base import Entry
from agent.store.memory import MemoryJournal
from tests.store.builders import START, at

KOREAN = Reference("rag", "prod", "kb", "ko", "recall_at_k", ("", ""), 0.9, 4000, 20_000)
CHANGE = Change("rag", "prod", "kb", "m1", "v2", START)


class Journal(MemoryJournal):
    """One that knows what was written last."""

    last: Sequence[str] = ()

    def write(self, entries: Sequence[Entry]) -> None:
        """Write, and note the kinds."""
        super().write(entries)
        self.last = [entry.kind for entry in entries]


def test_references_are_written_once_and_found_again() -> None:
    """What was learned is no row of the next minute, and the next process has it."""
    journal, evaluator = Journal(), Evaluator([], Quality())
    remembered = Remembered(journal)
    evaluator._falls.references.append(KOREAN)
    remembered.evaluated(at(1), evaluator, ())
    assert journal.last == [REFERENCE, "state", "as_of"]
    remembered.evaluated(at(2), evaluator, ())
    assert journal.last == ["state", "as_of"]
    evaluator._falls.references.append(replace(KOREAN, first_day=20_020))
    remembered.evaluated(at(3), evaluator, [START])
    assert journal.last == [REFERENCE, "partial", "state", "as_of"]
    assert Remembered(journal).known((), at(3)).references == (KOREAN, replace(KOREAN, first_day=20_020))


def test_a_deployment_is_written_again_with_its_notice_only() -> None:
    """Once when it is seen and once when it is known what it left comparable, also by the next process."""
    journal, evaluator = Journal(), Evaluator([], Quality())
    remembered = Remembered(journal)
    evaluator._falls.deployments.changes.append(CHANGE)
    assert remembered.evaluated(at(1), evaluator, ()) == []
    assert journal.last == ["change", "state", "as_of"]
    remembered.evaluated(at(2), evaluator, ())
    assert journal.last == ["state", "as_of"]
    evaluator.notices[CHANGE] = Notice(("hit_rate",), {})
    [said] = remembered.evaluated(at(60), evaluator, ())
    assert "compared by hit rate" in said
    other = Remembered(journal)
    assert other.resume() == at(60)
    del evaluator.notices[CHANGE]
    assert other.evaluated(at(61), evaluator, ()) == []
    assert journal.last == ["state", "as_of"]


def test_whoever_was_overtaken_writes_nothing() -> None:
    """An agent that was stopped for minutes does not know that another one went on."""
    journal, evaluator = Journal(), Evaluator([], Quality())
    old, new = Remembered(journal), Remembered(journal)
    new.evaluated(at(5), evaluator, ())
    assert old.overtaken()
    assert not new.overtaken()
    with pytest.raises(RetryLater, match="another agent has evaluated further"):
        old.evaluated(START, evaluator, ())
