"""What two golden runs say of an incident: the same queries before it and now."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from agent.alerting.incident import Confirmed, Incident
from agent.probing import kept
from agent.probing.due import Check, Why
from agent.probing.golden.weigh import Weigher
from agent.probing.kept import GoldenRun
from agent.probing.scores import Group, Scores, entry_of
from agent.store.memory import MemoryJournal
from tests.notify.examples import NOW, incident

DAY = timedelta(days=1)
N = 400
CHECK = Check("golden", "support", Why.SCORE_ONLY, "about", "ko")


def values(recall: float, n: int = N) -> np.ndarray[Any, Any]:
    """So many queries, this share of them found."""
    return (np.arange(n) < round(recall * n)).astype(float)


class Rig:
    """Golden runs in a journal."""

    def __init__(self) -> None:
        self.journal = MemoryJournal()

    def ran(self, at: datetime, *languages: str, n: int = N, name: str = "support", **recalls: float) -> None:
        """A run of these languages (none: of all) with these recalls."""
        run = GoldenRun(f"{name}-{at:%m%d%H%M}", name, at, languages, {})
        self.journal.write([kept.entry_of(run)])
        for language, recall in recalls.items():
            keys = np.arange(n, dtype=np.uint64)
            self.journal.write([entry_of(run.id, at, Group(language), Scores(keys, {"recall@10": values(recall, n)}))])

    def says(self, one: Incident, check: Check = CHECK) -> tuple[Confirmed, str] | None:
        """The word and the sentence."""
        said = Weigher(self.journal).weigh(one, check, NOW)
        return None if said is None else (said.confirmed, said.sentence)


@pytest.mark.parametrize(
    ("before", "now", "n", "word"),
    [(0.8, 0.7, N, "yes"), (0.8, 0.8, N, "no"), (0.8, 0.79, N, "no"), (0.8, 0.7, 20, "unconfirmed"), (0.8, 0.8, 20, "unconfirmed")],
)
def test_the_same_queries_decide(before: float, now: float, n: int, word: Confirmed) -> None:
    """A certain fall confirms, a certain absence of one refutes, and a small set does neither."""
    rig = Rig()
    rig.ran(NOW - DAY, n=n, ko=before, en=0.9)
    rig.ran(NOW, "ko", n=n, ko=now)
    said = rig.says(incident())
    assert said is not None
    assert said[0] == word


def test_the_sentence_has_figures() -> None:
    """What the thread says: the measure, by how much, its interval, against what, on how many queries."""
    rig = Rig()
    rig.ran(NOW - DAY, ko=0.8)
    rig.ran(NOW, "ko", ko=0.7)
    said = rig.says(incident())
    assert said is not None
    assert said[1].startswith("Confirmed: recall@10 −10.0 (7.")
    assert said[1].endswith("against its run of 2026-11-15 08:30 UTC: golden set support, 400 queries.")


def test_the_interval_goes_along() -> None:
    """`alerts explain` shows it beside the fall."""
    rig = Rig()
    rig.ran(NOW - DAY, ko=0.8)
    rig.ran(NOW, "ko", ko=0.7)
    said = Weigher(rig.journal).weigh(incident(), CHECK, NOW)
    assert said is not None
    assert said.ci95 is not None
    assert said.drop == pytest.approx(0.1)
    assert said.ci95[0] < said.drop < said.ci95[1]


def test_no_change_has_no_sign() -> None:
    """Nothing fell and nothing rose."""
    rig = Rig()
    rig.ran(NOW - DAY, ko=0.8)
    rig.ran(NOW, "ko", ko=0.8)
    said = rig.says(incident())
    assert said is not None
    assert said[1].startswith("Not confirmed: recall@10 0.0 (−1.0 to 1.0) against")


def test_what_ran_after_it_began_is_no_measure_of_before() -> None:
    """A run of the broken index says nothing of the one before; without an earlier one there is nothing to say."""
    rig = Rig()
    rig.ran(NOW - timedelta(minutes=5), ko=0.7)
    rig.ran(NOW, "ko", ko=0.7)
    assert rig.says(incident()) is None
    rig.ran(NOW - DAY, ko=0.8)
    said = rig.says(incident())
    assert said is not None
    assert said[0] == "yes"


def test_an_answer_to_an_earlier_incident_is_none_to_this() -> None:
    """The run for this one may have found no query to ask, and kept nothing."""
    rig = Rig()
    rig.ran(NOW - 2 * DAY, ko=0.8)
    rig.ran(NOW - DAY, "ko", ko=0.6)
    assert rig.says(incident()) is None


def test_other_sets_and_other_languages_do_not_speak() -> None:
    """Runs under another name, and runs of one other language."""
    rig = Rig()
    rig.ran(NOW - DAY, name="shop", ko=0.8)
    rig.ran(NOW - DAY, "es", es=0.8)
    rig.ran(NOW, "ko", ko=0.7)
    assert rig.says(incident()) is None


def test_a_language_that_is_not_in_the_set_is_not_weighed() -> None:
    """There are no queries in common."""
    rig = Rig()
    rig.ran(NOW - DAY, en=0.8)
    rig.ran(NOW, "ko")
    assert rig.says(incident()) is None


def test_an_incident_of_all_languages_asks_all() -> None:
    """Their queries together."""
    rig = Rig()
    rig.ran(NOW - DAY, ko=0.8, en=0.9)
    rig.ran(NOW, ko=0.7, en=0.8)
    said = rig.says(incident(language="*"), CHECK._replace(language=""))
    assert said is not None
    assert said[0] == "yes"
    assert "800 queries" in said[1] or "400 queries" in said[1]


@pytest.mark.parametrize(("recall", "word"), [(0.2, "yes"), (0.9, "no"), (0.68, "unconfirmed")])
def test_a_low_language_is_held_against_the_largest(recall: float, word: Confirmed) -> None:
    """Twenty points below the median of the three with most queries, or certainly less than that."""
    rig = Rig()
    rig.ran(NOW - DAY, ko=recall, en=0.9, de=0.88, fr=0.86, it=0.1)
    rig.ran(NOW, "ko", ko=recall)
    said = rig.says(incident(class_="level"))
    assert said is not None
    assert said[0] == word
    assert "below " in said[1]
