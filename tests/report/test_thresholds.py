"""Frozen thresholds in the journal, and what whoever reads a store goes by."""

from typing import Any

import pytest

from agent.aggregate.aggregator import Window
from agent.alerting.auto import Floor, Learned
from agent.alerting.measures import Quality, Thresholds
from agent.probing import kept
from agent.probing.kept import ProbeRun
from agent.report import thresholds
from agent.store.memory import MemoryJournal, MemoryWindows
from tests.store.builders import at, flush, minute, window

AUTO = Quality(hit_threshold=Thresholds("auto"), reference=("ko",))
MINI, LARGE = ("mini", "cosine"), ("large", "cosine")


def scored(n: int, bin_: int, scores: int = 100, **key: str) -> Window:
    """A minute of Korean."""
    return window(n, events=scores, scored=scores, score_hist={bin_: scores}, **key)


def stored(*windows: Window) -> MemoryWindows:
    """A store that holds them."""
    made = MemoryWindows()
    made.append(flush(*windows))
    return made


def found(threshold: float = 0.4, model: str = "mini", minutes: int = 10) -> Learned:
    """A threshold that was learned."""
    return Learned(model, "cosine", threshold, 1000, ("ko",), at(minutes))


def journal(*learned: Learned) -> MemoryJournal:
    """A journal with these rows."""
    made = MemoryJournal()
    made.write([thresholds.entry_of(one) for one in learned])
    return made


def test_a_threshold_comes_back_as_it_was_written() -> None:
    """One row for each model and score kind, oldest first; of those that were frozen by a time, the minute itself included."""
    kept = journal(found(0.6, "large", 20), found(), found())
    assert thresholds.frozen(kept) == [found(), found(0.6, "large", 20)]
    assert thresholds.frozen(kept, at(10)) == [found()]
    assert thresholds.frozen(kept, at(9)) == []


def test_it_is_a_change_without_a_place() -> None:
    """With the figures, and in words."""
    change = thresholds.change_of(found())
    assert change.at == at(10)
    assert {change.body[name] for name in ("service", "environment", "collection", "index_version")} == {""}
    assert (change.body["embedding_model"], change.body["threshold"], change.body["provisional"]) == ("mini", 0.4, True)
    assert change.body["notice"] == "hit threshold learned: best score ≥ 0.40 (provisional), from 1,000 scores (ko)"


@pytest.mark.parametrize(("default", "learned"), [("auto", {MINI: 0.4}), (0.35, {})])
def test_it_is_read_by_where_something_is_auto(default: float, learned: dict[tuple[str, str], float]) -> None:
    """A configured number needs none."""
    quality = Quality(hit_threshold=Thresholds(default))
    assert thresholds.current(quality, journal(found())).hit_threshold.learned == learned


def test_a_reader_of_history_learns_what_nobody_has_frozen() -> None:
    """A backtest of a store that was counted with a threshold of its own; what is frozen is not learned again."""
    windows = stored(*(scored(n, 50) for n in range(20)), *(scored(n, 60, embedding_model="large") for n in range(20)))
    assert thresholds.settled(AUTO, journal(found()), windows).hit_threshold.learned == {MINI: 0.4, LARGE: 0.6}
    assert thresholds.settled(AUTO, journal(found()), MemoryWindows()).hit_threshold.learned == {MINI: 0.4}


@pytest.mark.parametrize("end", [10, 11, 2000])
def test_what_is_due_in_the_past_is_learned_as_of_its_very_minute(end: int) -> None:
    """From the first thousand scores, however many there are by now, across days."""
    windows = stored(*(scored(n, 50) for n in range(10)), *(scored(n, 90, 5000) for n in (10, 1500, 1999)))
    assert list(thresholds.learner(AUTO, windows, at(end)).learned.values()) == [found(0.5)]


def test_what_is_not_due_is_counted() -> None:
    """Nine hundred in the store, and a hundred that come."""
    learner = thresholds.learner(AUTO, stored(*(scored(n, 50) for n in range(9)), scored(12, 90)), at(9))
    assert (learner.learned, learner.end) == ({}, minute(9))
    learner.take(list(stored(scored(9, 50)).minutes(at(9), at(10))), minute(10))
    assert list(learner.learned.values()) == [found(0.5)]


def probed(minutes: int = 30, model: str = "mini", **result: Any) -> ProbeRun:
    """A probe that asked the index itself."""
    measured = {"floor": 0.21, "cutoff": 0.33, "unrelated_queries": 40, "floor_source": "index", **result}
    return ProbeRun(f"p{minutes}", "own", at(minutes), model, measured)


def after(*runs: ProbeRun, quality: Quality = AUTO, learned: tuple[Learned, ...] = (found(),)) -> list[Learned | Floor]:
    """What is to be frozen of these probes in minute 40."""
    made = journal(*learned)
    made.write([kept.entry_of(run) for run in runs])
    return thresholds.from_probes(quality, made, at(0), at(40))


MEASURED = Learned("mini", "cosine", 0.33, 40, (), at(40), provisional=False)


def test_a_probe_of_the_index_knows_better() -> None:
    """Its cut-off is the threshold from now on, and its floor stands beside."""
    assert after(probed()) == [MEASURED, Floor("mini", 0.21, at(40))]
    kept_now = journal(found(), MEASURED)
    assert thresholds.by_scale(thresholds.frozen(kept_now)) == {MINI: 0.33}
    assert thresholds.by_scale(thresholds.frozen(kept_now, at(39))) == {MINI: 0.4}


@pytest.mark.parametrize("source", ["lists", "corpus", None])
def test_what_was_not_asked_of_the_index_stays_a_hint(source: str | None) -> None:
    """The best of a few texts lies far below the best of an index."""
    assert after(probed(floor_source=source)) == []


def test_what_a_probe_has_settled_stays() -> None:
    """The next one moves neither, unless the floor has moved by two points."""
    settled = journal(found(), MEASURED)
    settled.write([thresholds.entry_of(Floor("mini", 0.21, at(40))), kept.entry_of(probed(50, cutoff=0.4, floor=0.215))])
    assert thresholds.from_probes(AUTO, settled, at(0), at(60)) == []
    settled.write([kept.entry_of(probed(55, cutoff=0.4, floor=0.24))])
    assert thresholds.from_probes(AUTO, settled, at(0), at(60)) == [Floor("mini", 0.24, at(60))]
    settled.write([thresholds.entry_of(Floor("mini", 0.24, at(60)))])
    assert (thresholds.floors(settled), thresholds.floors(settled, at(59))) == ({"mini": 0.24}, {"mini": 0.21})


def test_what_is_set_is_not_measured_over() -> None:
    """A threshold and a floor of the settings."""
    assert after(probed(), quality=Quality(hit_threshold=Thresholds(0.35))) == [Floor("mini", 0.21, at(40))]
    assert after(probed(), quality=Quality(hit_threshold=Thresholds("auto"), floor=0.2)) == [MEASURED]


def test_quality_is_read_with_the_floor_of_its_model() -> None:
    """One that is set counts for all models."""
    made = journal()
    made.write([thresholds.entry_of(Floor("mini", 0.21, at(40)))])
    measured = thresholds.current(AUTO, made)
    assert (measured.floor_of("mini"), measured.floor_of("large")) == (0.21, None)
    assert thresholds.current(Quality(floor=0.3), made).floor_of("mini") == 0.3


def test_a_measured_threshold_is_a_change_too() -> None:
    """In words that say who measured."""
    notice = thresholds.change_of(MEASURED).body["notice"]
    assert notice == "hit threshold measured by a probe: best score ≥ 0.33, which 5 % of unrelated queries reach"
