"""kill -9 at every step of evaluate, store, deliver: the next process ends with the same transitions and the same messages."""

from collections import Counter
from itertools import count

import pytest

from agent.runtime.configuration import begins
from tests.runtime.mortal import Fate, Mortal, one_of_each
from tests.runtime.story import days_before, the_fall

ENDS = (10, 22, 100, 118, 119)  # as_of of each walk, in minutes after the start


def past() -> Mortal:
    """The whole story."""
    mortal = Mortal()
    mortal.windows.append(days_before())
    mortal.windows.append(the_fall(ENDS[-1]))
    return mortal


@pytest.fixture(scope="module")
def store() -> Mortal:
    """The past, evaluated up to the deployment."""
    mortal = past()
    mortal.live([0])
    return mortal


@pytest.fixture(scope="module")
def undisturbed() -> Fate:
    """The steps of a process that lives on."""
    return Fate()


@pytest.fixture(scope="module")
def alive(store: Mortal, undisturbed: Fate) -> Mortal:
    """What happens where nobody dies."""
    mortal = store.copy()
    mortal.live(ENDS, undisturbed)
    return mortal


def outlived(store: Mortal, alive: Mortal, step: int) -> str:
    """At which step a process died that was killed there; the next one ends as if nothing had been.

    A channel that accepted a message of which the process could not note that it did is told once more: at least once, under
    the same key and in the same words. Nothing else is ever told twice, and nothing is left out.
    """
    mortal, fate = store.copy(), Fate(step)
    mortal.outlive(ENDS, fate)
    where = fate.steps[step - 1] if len(fate.steps) >= step else ""
    assert mortal.transitions() == alive.transitions(), (step, where)
    assert list(dict.fromkeys(mortal.told())) == alive.told(), (step, where)
    twice = len(mortal.told()) - len(alive.told())
    assert twice == (where in {"after sending", "before writing delivery"}), (step, where)
    return where


def test_the_story_has_a_fire_and_an_end(alive: Mortal) -> None:
    """Or the walk below would prove little."""
    assert [state for _, state, _ in alive.told()] == ["firing", "resolved"]
    assert len(alive.transitions()) == 2


def test_a_kill_at_a_step_of_each_kind_changes_nothing(store: Mortal, alive: Mortal, undisturbed: Fate) -> None:
    """A step of each kind, drawn from anywhere in the story: before and after each writing and each message, at each reading."""
    steps = one_of_each(undisturbed.steps)
    kinds = {outlived(store, alive, step) for step in steps}
    assert len(kinds) == len(steps)
    assert {"before writing transition", "after writing outbox", "before sending", "after sending", "reading minutes"} < kinds


@pytest.mark.chaos
def test_a_kill_at_any_step_changes_nothing(store: Mortal, alive: Mortal) -> None:
    """Every step in turn, until a run ends alive."""
    names = Counter[str]()
    for step in count(1):
        where = outlived(store, alive, step)
        names[where] += 1
        if not where:
            break
    assert names["before writing transition"] == names["after sending"] == 2
    assert sum(n for name, n in names.items() if name.startswith("after writing as_of")) == len(ENDS)


def test_a_restart_in_the_middle_changes_nothing(store: Mortal, alive: Mortal) -> None:
    """A process for each walk: the same incidents, at the same times of events."""
    mortal = store.copy()
    for end in ENDS:
        mortal.live([end])
    assert mortal.transitions() == alive.transitions()
    assert mortal.told() == alive.told()


def test_a_journal_without_state_is_gone_on_from(store: Mortal) -> None:
    """An older version did not write it: the incident is known all the same, and its end is told."""
    mortal = store.copy()
    mortal.live([22])
    mortal.journal.forget("state")
    mortal.live([*ENDS, 200])
    assert [state for _, state, _ in mortal.told()] == ["firing", "resolved"]


READ = {"language": {"allowed": None}, "k": 10}


@pytest.mark.parametrize(("now", "begun"), [(READ, 0), ({**READ, "k": 5}, 1), ({**READ, "language": {"allowed": ["de", "ko"]}}, 1)])
def test_a_change_of_how_messages_are_read_is_no_alarm(now: dict[str, object], begun: int) -> None:
    """Korean looks 30 points worse from then on, since it is read otherwise; without that change it is a fall."""
    mortal = Mortal(reading=READ)
    mortal.windows.append(days_before())
    mortal.live([0])
    mortal.reading = now
    mortal.live([])
    mortal.windows.append(the_fall(25))
    mortal.live([10])
    mortal.live([22, 24])
    assert len(list(begins(mortal.journal))) == begun
    assert len(mortal.journal.read("configuration")) == 1 + begun
    assert [state for _, state, _ in mortal.told()] == ([] if begun else ["firing"])
