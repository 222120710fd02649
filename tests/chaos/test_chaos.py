"""Agents, broker and store that die, freeze and lose answers while events flow."""

import random
from pathlib import Path

from tests.chaos.faults import KILLS, OTHERS, planned
from tests.chaos.run import KEYS, chaos, differences
from tests.runtime.counting import COMPARED, Counted
from tests.support.broker import Broker


def test_the_plan_is_that_of_its_seed() -> None:
    """So many kills and no fault after the last; every fault comes in each round; the same seed gives the same plan."""
    plan = list(planned(random.Random(1), 11))
    assert sum(fault in KILLS for fault in plan) == 11
    assert plan[-1] in KILLS
    assert set(plan[:7]) == set(plan[7:14]) == {*KILLS, *OTHERS}
    assert plan == list(planned(random.Random(1), 11)) != list(planned(random.Random(2), 11))


def test_a_difference_is_told() -> None:
    """A count that is wrong, a window too many, a window that is missing."""
    counts = [0] * len(COMPARED)
    rows = {name: ["language", 1, *[name] * (KEYS - 2)] for name in "abc"}
    found = Counted([[*rows["a"], 1, *counts], [*rows["b"], 1, *counts]], [])
    assert differences(found, found) == []
    told = differences(found, Counted([[*rows["a"], 2, *counts], [*rows["c"], 1, *counts]], []))
    assert [line.split(": ")[1] for line in told] == ["events 1 instead of 2", "too many", "missing"]


def test_whatever_dies_nothing_is_lost_and_nothing_counted_twice(own_kafka: Broker, tmp_path: Path) -> None:
    """After one round of every fault the windows are those of one undisturbed run over a file."""
    assert chaos(own_kafka, tmp_path, kills=len(KILLS), seed=1, told=print) == []
