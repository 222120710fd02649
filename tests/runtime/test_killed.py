"""kill -9 at every step of evaluate, store, deliver: the next process ends with the same transitions and the same messages."""

from collections import Counter
from itertools import count

import pytest

from tests.runtime.mortal import Fate, Mortal
from tests.store.builders import flush, window

ENDS = (10, 22, 100, 118, 119)  # as_of of each walk, in minutes after the start
BAD = range(25)  # minutes in which Korean is bad on its new version


def past() -> Mortal:
    """Four days of two languages, a deployment, and a fall of Korean that is mended."""
    mortal = Mortal()
    rows = [window(-hour * 60, language=tag, **counts(5_400, 6_000)) for hour in range(1, 97) for tag in ("ko", "de")]
    for minute in range(ENDS[-1]):
        rows.append(window(minute, index_version="v2", **counts(60 if minute in BAD else 90, 100)))
        rows.append(window(minute, index_version="v2", language="de", **counts(90, 100)))
    mortal.windows.append(flush(*rows))
    return mortal


def counts(good: int, all_: int) -> dict[str, int]:
    """Labelled queries, of which so many found what is right."""
    return {"events": all_, "labelled": all_, "recall_sum": good * 1_000_000, "recall_sq": good * 1_000_000}


@pytest.fixture(scope="module")
def store() -> Mortal:
    """The past, evaluated up to the deployment."""
    mortal = past()
    mortal.live([0])
    return mortal


@pytest.fixture(scope="module")
def alive(store: Mortal) -> Mortal:
    """What happens where nobody dies."""
    mortal = store.copy()
    mortal.live(ENDS)
    return mortal


def test_the_story_has_a_fire_and_an_end(alive: Mortal) -> None:
    """Or the walk below would prove little."""
    assert [state for _, state, _ in alive.told()] == ["firing", "resolved"]
    assert len(alive.transitions()) == 2


def test_a_kill_at_any_step_changes_nothing(store: Mortal, alive: Mortal) -> None:
    """Every step in turn, until a run ends alive.

    A channel that accepted a message of which the process could not note that it did is told once more: at least once, under
    the same key and in the same words. Nothing else is ever told twice, and nothing is left out.
    """
    names = Counter[str]()
    for step in count(1):
        mortal, fate = store.copy(), Fate(step)
        mortal.outlive(ENDS, fate)
        died = len(fate.steps) >= step
        where = fate.steps[step - 1] if died else ""
        names[where] += 1
        assert mortal.transitions() == alive.transitions(), (step, where)
        assert list(dict.fromkeys(mortal.told())) == alive.told(), (step, where)
        twice = len(mortal.told()) - len(alive.told())
        assert twice == (where in {"after sending", "before writing delivery"}), (step, where)
        if not died:
            break
    assert names["before writing transition"] == names["after sending"] == 2
    assert names["after writing as_of,state"] >= len(ENDS) - 1
