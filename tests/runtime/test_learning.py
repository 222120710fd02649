"""An unset threshold while the agent evaluates: learned once, frozen, read by from the next minute on, whatever happens."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from agent.aggregate.aggregator import Window
from agent.alerting.auto import Learned
from agent.alerting.measures import Quality, Thresholds
from agent.clock import FakeClock
from agent.probing import kept
from agent.probing.kept import ProbeRun
from agent.report import thresholds
from agent.report.views import StoreViews
from tests.runtime.mortal import Fate, Mortal, away, one_of_each, persist
from tests.runtime.rig import NOW
from tests.store.builders import at, flush, window

AUTO = Quality(hit_threshold=Thresholds("auto"), reference=("de",))
SCORES = {20: 6, 40: 14, 60: 40}  # of sixty; a fifth of a thousand lies in the bins up to .40
FROZEN = 17  # minutes of sixty scores: the thousand are full at the end of the seventeenth
ENDS = (10, FROZEN, 22, 100, 118, 119)
BAD = range(25)


def labelled(good: int, all_: int) -> dict[str, Any]:
    """Labelled queries, of which so many found what is right."""
    return {"events": all_, "labelled": all_, "recall_sum": good * 1_000_000, "recall_sq": good * 1_000_000}


def scored(scores: dict[int, int], every: int = 1) -> dict[str, Any]:
    """Queries with these best scores by bin."""
    n, values = sum(scores.values()) * every, [(bin_ * 10_000, size * every) for bin_, size in scores.items()]
    total, squares = (sum(size * value**power // 10 ** (6 * power - 6) for value, size in values) for power in (1, 2))
    return {
        "events": n,
        "scored": n,
        "score_sum": total,
        "score_sq": squares,
        "score_hist": {bin_: size * every for bin_, size in scores.items()},
    }


def filled(*windows: Window, quality: Quality = AUTO) -> Mortal:
    """A store that holds them."""
    mortal = Mortal(quality=quality)
    mortal.windows.append(flush(*windows))
    return mortal


def quiet(n: int, every: int = 1, scores: dict[int, int] = SCORES, **key: str) -> list[Window]:
    """Korean and German at one time."""
    return [window(n, language=tag, **key, **scored(scores, every)) for tag in ("ko", "de")]


@pytest.fixture(scope="module")
def store() -> Mortal:
    """Four days without scores; then a deployment that tells them, and a fall of Korean by labels that is mended."""
    rows = [window(-60 * hour, language=tag, **labelled(5_400, 6_000)) for hour in range(1, 97) for tag in ("ko", "de")]
    for n in range(ENDS[-1]):
        good = {"ko": 36 if n in BAD else 54, "de": 54}
        rows += [window(n, language=tag, index_version="v2", **scored(SCORES) | labelled(good[tag], 60)) for tag in good]
    mortal = filled(*rows)
    mortal.live([0])
    return mortal


@pytest.fixture(scope="module")
def alive(store: Mortal) -> Mortal:
    """What happens where nobody dies."""
    mortal = store.copy()
    mortal.live(ENDS)
    return mortal


def test_a_threshold_is_frozen_amid_an_incident(alive: Mortal) -> None:
    """One row in the journal, at the end of the minute that filled the thousand; the fire has its end all the same."""
    assert [row.at for row in alive.journal.read("threshold")] == [at(FROZEN)]
    assert thresholds.frozen(alive.journal) == [Learned("mini", "cosine", 0.4, 60 * FROZEN, ("de",), at(FROZEN))]
    assert [state for _, state, _ in alive.told()] == ["firing", "resolved"]


@pytest.mark.parametrize("ends", [(*range(8, 24), ENDS[-1]), (FROZEN - 1, FROZEN, FROZEN + 1, ENDS[-1]), (40, ENDS[-1])])
def test_a_process_for_each_walk_changes_nothing(store: Mortal, alive: Mortal, ends: tuple[int, ...]) -> None:
    """A restart at every minute around the firing and the freezing, around the freezing alone, or after it: the same all the same."""
    mortal = store.copy()
    for end in ends:
        mortal.live([end])
    assert mortal.transitions() == alive.transitions()
    assert mortal.journal.read("threshold") == alive.journal.read("threshold")


@pytest.mark.parametrize("ends", [(*range(1, 30), ENDS[-1]), (ENDS[-1],)])
def test_the_length_of_a_walk_changes_nothing(store: Mortal, alive: Mortal, ends: tuple[int, ...]) -> None:
    """Minute by minute, or all in one."""
    mortal = store.copy()
    mortal.live(ends)
    assert mortal.transitions() == alive.transitions()
    assert mortal.journal.read("threshold") == alive.journal.read("threshold")


def outlived(store: Mortal, chosen: Callable[[Sequence[str]], Iterable[int]]) -> Counter[str]:
    """Killed at each of the steps that are chosen, the next process ends as if nothing had been; where that was."""
    ends, names, alive, whole = (FROZEN - 1, FROZEN + 2), Counter[str](), store.copy(), Fate()
    alive.live(ends, whole)
    for step in chosen(whole.steps):
        mortal, fate = store.copy(), Fate(step)
        mortal.outlive(ends, fate)
        names[fate.steps[step - 1]] += 1
        assert mortal.transitions() == alive.transitions(), (step, fate.steps[-1])
        assert mortal.journal.read("threshold") == alive.journal.read("threshold"), (step, fate.steps[-1])
        assert list(dict.fromkeys(mortal.told())) == alive.told(), (step, fate.steps[-1])
    return names


def test_a_kill_at_a_step_of_each_kind_changes_nothing(store: Mortal) -> None:
    """Drawn from anywhere, also before and after the threshold is written, and while what was usual is read again."""
    names = outlived(store, one_of_each)
    assert names["before writing threshold"] == names["after writing threshold"] == names["reading minutes"] == 1


@pytest.mark.chaos
def test_a_kill_at_any_step_changes_nothing(store: Mortal) -> None:
    """Every step in turn."""
    names = outlived(store, lambda steps: range(1, len(steps) + 1))
    assert names["before writing threshold"] == names["after writing threshold"] == 1


def test_a_store_that_is_away_while_it_freezes_changes_nothing(store: Mortal, alive: Mortal) -> None:
    """The process tries again at the next walk, from before it writes the threshold until it has read again what was usual.

    A step of each kind between the two.
    """
    whole = Fate()
    before = store.copy()
    persist(before.around, ENDS, whole, before.how)
    first = whole.steps.index("before writing threshold") + 1
    last = first + whole.steps[first:].index("reading action") + 1
    for step in (first - 1 + each for each in one_of_each(whole.steps[first - 1 : last])):
        mortal = store.copy()
        persist(mortal.around, ENDS, Fate(step, away), mortal.how)
        assert mortal.transitions() == alive.transitions(), whole.steps[step - 1]
        assert mortal.journal.read("threshold") == alive.journal.read("threshold"), whole.steps[step - 1]
    assert "reading minutes" in whole.steps[first:last]


def days() -> list[Window]:
    """Four days of quiet traffic by the hour."""
    return [each for hour in range(96, 0, -1) for each in quiet(-60 * hour, 60)]


def fallen(n: int) -> list[Window]:
    """Korean has scores below the threshold that were above; German has not."""
    return [*quiet(n)[1:], window(n, language="ko", **scored({20: 6, 30: 14, 60: 20, 35: 20}))]


def test_a_later_fall_of_hits_fires_and_says_that_the_threshold_is_provisional() -> None:
    """The learned threshold reads the days before as well, so that there is something to compare with at once."""
    mortal = filled(*days(), *(each for n in range(40) for each in quiet(n)), *(each for n in range(40, 120) for each in fallen(n)))
    mortal.live([120])
    ((_, state, text),) = mortal.told()
    assert state == "firing"
    assert "best score ≥ 0.40 (provisional)" in text
    assert [one.at for one in thresholds.frozen(mortal.journal)] == [at(-96 * 60 + 1)]


def test_a_threshold_that_is_no_longer_set_is_learned_from_what_is_stored() -> None:
    """From the first minutes of the store, as if it had never been set, and with no alarm."""
    mortal = filled(*days(), *(each for n in range(60) for each in quiet(n)), quality=Quality(hit_threshold=Thresholds(0.3)))
    mortal.live([30])
    assert thresholds.frozen(mortal.journal) == []
    mortal.quality = AUTO
    mortal.live([40, 60])
    (one,) = thresholds.frozen(mortal.journal)
    assert (one.threshold, one.scores, one.at) == (0.4, 3600, at(-96 * 60 + 1))
    assert mortal.transitions() == {}


def test_a_frozen_threshold_is_not_learned_again() -> None:
    """Neither by the same process nor by the next one, whatever scores come; a new model has its own."""
    mortal = filled(*(each for n in range(60) for each in quiet(n)))
    mortal.live([30])
    later = [each for n in range(60, 90) for each in quiet(n, scores={10: 60})]
    later += [each for n in range(60, 90) for each in quiet(n, scores={70: 60}, embedding_model="large")]
    mortal.windows.append(flush(*later, stored=10, end=20))
    mortal.live([40, 90])
    assert [(one.embedding_model, one.threshold, one.at) for one in thresholds.frozen(mortal.journal)] == [
        ("mini", 0.4, at(FROZEN)),
        ("large", 0.7, at(60 + FROZEN)),
    ]


def test_who_looks_sees_a_threshold_without_a_restart() -> None:
    """The views were opened before it was frozen; the table has hits then, the list of changes names it."""
    mortal = filled(*(each for n in range(60) for each in quiet(n)))
    views = StoreViews(mortal.windows, mortal.journal, lambda: AUTO, FakeClock(NOW))
    assert {row["hit_rate"] for row in views.languages({})} == {None}
    assert views.changes({}) == []
    mortal.live([30])
    assert {(row["hit_threshold"], row["hit_rate"]) for row in views.languages({})} == {(0.4, 0.9)}
    (change,) = views.changes({})
    assert change["notice"] == "hit threshold learned: best score ≥ 0.40 (provisional), from 1,020 scores (de)"
    assert views.changes({"service": "help"}) == []  # it is of no single service


def test_a_probe_settles_threshold_and_floor_while_the_agent_evaluates(store: Mortal) -> None:
    """From the next walk on everything is read by what it measured; a restart at every minute changes nothing."""
    run = ProbeRun("p", "own", at(30), "mini", {"floor": 0.21, "cutoff": 0.5, "unrelated_queries": 40, "floor_source": "index"})
    ways = []
    for ends in ((22, 40, 119), (*range(20, 41), 119)):
        mortal = store.copy()
        mortal.live([end for end in ends if end < 31])
        mortal.journal.write([kept.entry_of(run)])
        mortal.live([end for end in ends if end > 31])
        ways.append(mortal)
    frozen = [(one.threshold, one.provisional) for one in thresholds.frozen(ways[0].journal)]
    assert frozen == [(0.4, True), (0.5, False)]
    assert thresholds.floors(ways[0].journal) == {"mini": 0.21}
    assert [state for _, state, _ in ways[0].told()] == ["firing", "resolved"]
    assert ways[0].told() == ways[1].told()
