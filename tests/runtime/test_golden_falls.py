"""A golden set sees a language fall from one whole run to the next, and tells it until it is mended."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from agent.alerting.action import Action
from agent.alerting.changes import Change
from agent.alerting.incident import ALL, Incident
from agent.probing import kept
from agent.probing.due import Seen
from agent.probing.kept import GoldenRun
from agent.probing.scores import Group, Scores, entry_of
from agent.report import golden_falls
from agent.report.actions import entry_of as action_entry
from agent.runtime.golden_falls import GoldenFalls
from agent.store.base import Entry
from agent.store.memory import MemoryJournal
from tests.notify.examples import NOW, incident

DAY = timedelta(days=1)
N = 800


class Rig:
    """Nightly runs of a set; `again()` is the next process."""

    def __init__(self) -> None:
        self.journal = MemoryJournal()
        self.nights = 0
        self.sets = {"support": ""}
        self.again()

    def again(self) -> None:
        """Another process begins."""
        self.falls = GoldenFalls(self.journal, self.sets)

    @property
    def now(self) -> datetime:
        """The morning after the last run."""
        return NOW + self.nights * DAY

    def night(self, *only: str, n: int = N, shift: int = 0, seen: Seen = Seen(), **recalls: float) -> list[Incident]:  # noqa: B008  immutable
        """A run with these recalls, of the whole set unless `only` some languages; what is told afterwards."""
        self.nights += 1
        run = GoldenRun(f"r{self.nights}", "support", self.now - timedelta(hours=1), only, {})
        self.journal.write([kept.entry_of(run)])
        for language, recall in recalls.items():
            keys = np.arange(shift, n + shift, dtype=np.uint64)
            scores = Scores(keys, {"recall@10": (np.arange(n) < round(recall * n)).astype(float)})
            self.journal.write([entry_of(run.id, run.at, Group(language, "en"), scores)])
        return self.falls.look(seen, self.now)


def begun() -> Rig:
    """A set that has run once, and an agent that has looked at it."""
    rig = Rig()
    rig.night(es=0.9, ko=0.7)
    return rig


def states(told: list[Incident]) -> list[tuple[str, str]]:
    """Language and state."""
    return [(one.language, one.state) for one in told]


def test_a_fall_is_told_until_it_is_over() -> None:
    """Against the night before it fell, also on nights when nothing changes; then its end."""
    rig = begun()
    ((told),) = rig.night(es=0.8, ko=0.7)
    assert states([told]) == [("es", "firing")]
    assert told.summary.startswith("Spanish recall@10 fell 10.0 points (95 % CI ")
    assert "80.0 % now (800 queries) against 90.0 % in its run of 2026-11-17 07:30 UTC." in told.summary
    assert (told.confirmed, told.service, told.rule, told.severity) == ("yes", "golden:support", "golden:support", "warning")
    assert rig.night(es=0.8, ko=0.7) == [told]
    (over,) = rig.night(es=0.9, ko=0.7)
    assert (over.fingerprint, over.state) == (told.fingerprint, "resolved")
    assert rig.night(es=0.9, ko=0.7) == [over]  # for a week: who was told may not have heard
    rig.nights += 7
    assert rig.night(es=0.9, ko=0.7) == []
    assert states(golden_falls.incidents(rig.journal)) == [("es", "resolved")]


def test_a_restart_changes_nothing() -> None:
    """What is open is told by the next process, and ends there."""
    rig = begun()
    told = rig.night(es=0.8, ko=0.7)
    rig.again()
    assert rig.falls.look(Seen(), rig.now) == told
    rig.again()
    assert states(rig.night(es=0.9, ko=0.7)) == [("es", "resolved")]


def test_what_ran_before_anybody_looked_is_the_past() -> None:
    """Whoever updates the agent is not told of last month."""
    rig = Rig()
    for recall in (0.9, 0.7):
        rig.nights += 1
        run = GoldenRun(f"r{rig.nights}", "support", rig.now - timedelta(hours=1), (), {})
        scores = Scores(np.arange(N, dtype=np.uint64), {"recall@10": (np.arange(N) < recall * N).astype(float)})
        rig.journal.write([kept.entry_of(run), entry_of(run.id, run.at, Group("es"), scores)])
    assert rig.falls.look(Seen(), rig.now) == []
    assert states(rig.night(es=0.5)) == [("es", "firing")]


@pytest.mark.parametrize("language", ["es", ALL])
def test_what_the_traffic_tells_is_not_told_twice(language: str) -> None:
    """An open fall of the language, or of all."""
    rig = begun()
    seen = Seen(incidents=(incident(language=language),))
    assert rig.night(seen=seen, es=0.8, ko=0.7) == []


def test_what_another_service_tells_is_another_break() -> None:
    """Where the set says whose searches it asks."""
    rig = begun()
    rig.sets["support"] = "help"
    seen = Seen(incidents=(incident(language="es", service="shop"),))
    assert states(rig.night(seen=seen, es=0.8, ko=0.7)) == [("es", "firing")]


def test_a_night_without_a_language_hides_no_fall() -> None:
    """It is held against the last run that has it."""
    rig = begun()
    assert rig.night(ko=0.7) == []
    assert states(rig.night(es=0.8, ko=0.7)) == [("es", "firing")]


def test_a_set_that_is_not_configured_tells_nothing() -> None:
    """An experiment by hand is nobody's alert; one that was told ends with its set."""
    rig = begun()
    (told,) = rig.night(es=0.8, ko=0.7)
    rig.sets.clear()
    (over,) = rig.falls.look(Seen(), rig.now)
    assert (over.fingerprint, over.state) == (told.fingerprint, "resolved")
    assert "not configured any more" in over.summary
    assert states(rig.night(es=0.5, ko=0.3)) == [("es", "resolved")]


def test_runs_of_one_language_are_no_measure_of_the_set() -> None:
    """They were run for an incident, which has its own thread."""
    rig = begun()
    assert rig.night("es", es=0.5) == []
    assert rig.night(es=0.9, ko=0.7) == []


def test_a_set_that_was_exchanged_says_nothing() -> None:
    """No query in common; from the next night on it is compared again."""
    rig = begun()
    assert rig.night(shift=10_000, es=0.5, ko=0.7) == []
    assert states(rig.night(shift=10_000, es=0.3, ko=0.7)) == [("es", "firing")]


@pytest.mark.parametrize("word", [{"action": "accept"}, {"action": "close", "verdict": "expected"}], ids=["accepted", "closed"])
def test_people_end_it(word: dict[str, Any]) -> None:
    """And the next night is measured against the one before."""
    rig = begun()
    (told,) = rig.night(es=0.8, ko=0.7)
    done = Action(told.fingerprint, told.began_at, at=rig.now, **word)
    rig.journal.write([action_entry(done)])
    assert states(rig.falls.look(Seen(), rig.now)) == [("es", "resolved")]
    assert states(rig.night(es=0.8, ko=0.7)) == [("es", "resolved")]


def test_a_deployment_between_the_nights_is_named() -> None:
    """Ten points after one are critical."""
    rig = begun()
    change = Change("help", "prod", "kb", "mini", "v43", at=rig.now + timedelta(hours=2), new_model=False)
    body = {"service": "help", "environment": "prod", "collection": "kb", "embedding_model": "mini", "index_version": "v43"}
    rig.journal.write([Entry("change", "c1", change.at, {**body, "at": change.at.isoformat(), "new_model": False})])
    (told,) = rig.night(es=0.8, ko=0.7)
    assert (told.cause, told.severity, told.index_version) == ("deployment", "critical", "v43")
