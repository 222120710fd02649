"""Frozen thresholds in the journal, and what whoever reads a store goes by."""

import pytest

from agent.aggregate.aggregator import Window
from agent.alerting.auto import Learned
from agent.alerting.measures import Quality, Thresholds
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
