"""The same for real: an embedded store, a webhook, and SIGKILL to the process that evaluates."""

import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.runtime.mortal_process import Left, Place, live, prepare
from tests.runtime.story import days_before, the_fall
from tests.support.slack import SlackServer

ENDS = (10, 119)  # Korean fires and is told as it does; its end is found while catching up, and told afterwards
FEW = ("reading totals", "before writing transition", "before sending")  # steps that leave nothing behind


class Alive(NamedTuple):
    """The past, and what happens where nobody dies."""

    past: Place
    left: Left
    told: list[Any]

    def places(self, name: str) -> list[int]:
        """When this step is taken, counted from 1."""
        return [number for number, step in enumerate(self.left.steps, 1) if step == name]


@pytest.fixture(scope="module")
def alive(tmp_path_factory: pytest.TempPathFactory) -> Alive:
    """One process that is left in peace."""
    folder = tmp_path_factory.mktemp("alive")
    past = Place(folder / "past", "")
    assert past.run(prepare, days_before(), the_fall(ENDS[-1])) == 0
    with SlackServer() as slack:
        place = past.copy(folder / "undisturbed", slack.url)
        assert place.run(live, ENDS) == 0
    return Alive(past, place.left, slack.received)


def test_the_story_has_a_fire_and_an_end(alive: Alive) -> None:
    """Or the walks below would prove little."""
    assert [told["text"].partition(":")[0] for told in alive.told] == ["Critical", "Resolved"]
    assert len(alive.left.rows["transition"]) == len(alive.left.rows["delivery"]) == 2


def test_a_kill_after_anything_that_lasts_changes_nothing(alive: Alive, tmp_path: Path) -> None:
    """After a writing of each kind and a message, of the fire or of its end, and at some steps that leave nothing behind."""
    lasting = sorted({name for name in alive.left.steps if name.startswith("after")})
    steps = [*(alive.places(name)[n % 2 - 1] for n, name in enumerate(lasting)), *(alive.places(name)[0] for name in FEW)]
    assert len(steps) == 8
    outlived(alive, steps, tmp_path)


@pytest.mark.chaos
def test_a_kill_at_any_step_changes_nothing(alive: Alive, tmp_path: Path) -> None:
    """Every step in turn."""
    outlived(alive, range(1, len(alive.left.steps) + 1), tmp_path)


def outlived(alive: Alive, steps: Iterable[int], folder: Path) -> None:
    """Killed at this step and started again, the agent has the same journal, and has told the same.

    What the chat accepted and the process could not note goes out once more, word for word, and is noted as the same delivery.
    """
    for step in steps:
        with SlackServer() as slack:
            place = alive.past.copy(folder / str(step), slack.url)
            assert place.run(live, ENDS, step) == -signal.SIGKILL
            assert place.died == alive.left.steps[step - 1]
            assert place.run(live, ENDS) == 0
        assert place.left.rows == alive.left.rows, (step, place.died)
        again = place.died in {"after sending", "before writing delivery"}
        assert len(slack.received) == len(alive.told) + again, (step, place.died)
        assert [told for n, told in enumerate(slack.received) if told not in slack.received[:n]] == alive.told, (step, place.died)
