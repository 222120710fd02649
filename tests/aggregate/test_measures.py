"""Measures merge by adding, whatever is merged with what."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict

from agent.aggregate.measures import SQUARE_LIMIT, Measures, merged
from agent.records import Result
from tests.aggregate.builders import counted, event, language, patient

COUNTS = st.dictionaries(st.integers(-3, 3), st.integers(1, 9), max_size=3)
VALUES: dict[type, st.SearchStrategy[Any]] = {int: st.integers(0, 2**40), dict: COUNTS, set: st.sets(st.integers(0, 9), max_size=3)}
MEASURES = st.fixed_dictionaries({name: VALUES[type(value)] for name, value in asdict(Measures()).items()}).map(
    lambda values: Measures(**values)
)


@patient
@given(MEASURES, MEASURES, MEASURES)
def test_merging_is_adding(one: Measures, two: Measures, three: Measures) -> None:
    """Any order and grouping gives the same, an empty cell changes nothing, and the parts stay as they were."""
    before = repr((one, two, three))
    total = merged([one, two, three])
    assert total == merged([three, one, two]) == merged([merged([one, two]), three]) == merged([Measures(), one, two, three])
    assert total.events == one.events + two.events + three.events
    assert total.session_hashes == one.session_hashes | two.session_hashes | three.session_hashes
    assert repr((one, two, three)) == before


def test_counts_of_the_same_bin_add_up() -> None:
    """Histograms and routes add bin by bin, sessions are a union."""
    one = Measures(score_hist={1: 2, 3: 1}, routes={"own_index": 1}, session_hashes={1, 2})
    two = Measures(score_hist={3: 4}, routes={"own_index": 2, "fallback": 1}, session_hashes={2, 3})
    assert counted(merged([one, two])) == {
        "score_hist": {1: 2, 3: 5},
        "routes": {"own_index": 3, "fallback": 1},
        "session_hashes": {1, 2, 3},
    }


def test_squares_saturate_and_fit_int64() -> None:
    """A million events with the largest score that is accepted still have sums that a column holds."""
    one = language(event(score_kind="dot", results=[Result("d", -1e6)]))
    assert one.score_sum == -(10**12)
    assert one.score_sq == SQUARE_LIMIT**2 * 10**6
    assert 10**6 * max(-one.score_sum, one.score_sq) < 2**63
