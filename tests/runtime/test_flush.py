"""One flush: what the position that was read back means, and what is tried again."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from agent.errors import RetryLater, Stop
from agent.runtime.batch import Frozen
from agent.runtime.flush import BURNT_AFTER, BURNT_ANSWERS, RETRY_EVERY, Outcome, attempt, decide
from agent.store.base import Flush
from tests.runtime.rig import NOW, UnsteadyWindows
from tests.store.builders import flush, window

STORED, END = 10, 20
FLUSH = flush(window(events=3), stored=STORED, end=END)


@pytest.mark.parametrize(
    ("found", "acknowledged", "for_long", "outcome"),
    [
        pytest.param(END, 1, False, Outcome.DONE, id="our end stands there"),
        pytest.param(END, 0, False, Outcome.DONE, id="somebody wrote it, or the answer was lost"),
        pytest.param(END, 9, True, Outcome.DONE, id="done is done however late"),
        pytest.param(15, 1, False, Outcome.LOST, id="another writer stopped earlier"),
        pytest.param(25, 0, False, Outcome.LOST, id="another writer came further"),
        pytest.param(None, 0, False, Outcome.LOST, id="the source is gone"),
        pytest.param(STORED, 0, False, Outcome.AGAIN, id="the insert failed"),
        pytest.param(STORED, 0, True, Outcome.AGAIN, id="it fails for long: never burnt, since nothing was acknowledged"),
        pytest.param(STORED, 1, False, Outcome.AGAIN, id="a stale reading"),
        pytest.param(STORED, BURNT_ANSWERS - 1, True, Outcome.AGAIN, id="too few answers"),
        pytest.param(STORED, BURNT_ANSWERS, False, Outcome.AGAIN, id="too short a time"),
        pytest.param(STORED, BURNT_ANSWERS, True, Outcome.BURNT, id="the token is burnt"),
    ],
)
def test_what_a_position_means(found: int | None, acknowledged: int, for_long: bool, outcome: Outcome) -> None:  # noqa: FBT001  a table
    """The whole decision in one table."""
    assert decide(FLUSH, found, acknowledged=acknowledged, for_long=for_long) is outcome


def test_an_unknown_source_that_stays_unknown_was_not_written() -> None:
    """No position is a stored position like another."""
    new = flush(window(), stored=None, end=0)
    assert decide(new, None, acknowledged=0, for_long=False) is Outcome.AGAIN
    assert decide(new, 0, acknowledged=0, for_long=False) is Outcome.DONE
    assert decide(new, 7, acknowledged=0, for_long=False) is Outcome.LOST


@pytest.mark.parametrize(("stored", "tries", "token"), [(None, 0, "log/0@new#0"), (0, 0, "log/0@0#0"), (10, 2, "log/0@10#2")])
def test_a_token_names_source_stored_position_and_attempt(stored: int | None, tries: int, token: str) -> None:
    """Position 0 and no position are two things."""
    assert flush(stored=stored, attempt=tries).token == token


def known(position: int | None = STORED) -> UnsteadyWindows:
    """A store that has the first ten records."""
    windows = UnsteadyWindows()
    if position is not None:
        windows.append(flush(end=position))
    windows.seen.clear()
    return windows


def tried(windows: UnsteadyWindows, frozen: Frozen, *, times: int, every: float = 0) -> Sequence[Outcome]:
    """So many attempts, one after the other."""
    return [attempt(windows, frozen, NOW + timedelta(seconds=every * n)) for n in range(times)]


def test_an_insert_that_goes_well_is_done() -> None:
    """One insert, read back."""
    windows = known()
    assert tried(windows, Frozen(FLUSH, NOW), times=1) == [Outcome.DONE]
    assert windows.counted() == {"ko": 3}


def test_a_lost_answer_is_found_out_at_once() -> None:
    """The insert failed as far as anyone was told, and its rows are there."""
    windows = known()
    windows.lose = 1
    assert tried(windows, Frozen(FLUSH, NOW), times=1) == [Outcome.DONE]
    assert windows.counted() == {"ko": 3}


def test_a_failed_insert_comes_again_with_the_same_token() -> None:
    """Two seconds later, the same rows: if the first was stored after all, the second is dropped."""
    windows, frozen = known(), Frozen(FLUSH, NOW)
    windows.fail = 3
    assert tried(windows, frozen, times=4) == [Outcome.AGAIN] * 3 + [Outcome.DONE]
    assert windows.seen == [FLUSH] * 4
    assert frozen.try_at == NOW + RETRY_EVERY
    assert windows.counted() == {"ko": 3}


def test_a_store_that_is_away_is_asked_again() -> None:
    """Neither written nor read back: nothing is known, so nothing changes but what is said of it."""
    windows, frozen = known(), Frozen(FLUSH, NOW)
    windows.plug.pulled = True
    assert tried(windows, frozen, times=9, every=60) == [Outcome.AGAIN] * 9
    problem = "the position cannot be read back: the store is away"
    assert frozen == Frozen(FLUSH, NOW + timedelta(minutes=8) + RETRY_EVERY, problem=problem)


def test_an_old_reading_is_no_proof_that_rows_are_missing() -> None:
    """A replica that lags behind shows the old position: the same token is tried again, and counts once."""
    windows, frozen = known(), Frozen(FLUSH, NOW)
    windows.stale = [STORED, STORED]
    assert tried(windows, frozen, times=3, every=2) == [Outcome.AGAIN, Outcome.AGAIN, Outcome.DONE]
    assert frozen.problem == "the insert was acknowledged, and its rows are not there"
    assert windows.counted() == {"ko": 3}
    assert frozen.flush == FLUSH


def test_a_burnt_token_is_given_up() -> None:
    """Acknowledged again and again over ten seconds and never stored: the same rows under the next attempt."""
    windows, frozen = known(), Frozen(FLUSH, NOW)
    windows.burn = 1
    every = BURNT_AFTER.total_seconds() / 5
    outcomes = tried(windows, frozen, times=6, every=every)
    assert outcomes == [Outcome.AGAIN] * 5 + [Outcome.BURNT]
    assert frozen.flush == FLUSH._replace(attempt=1)
    assert tried(windows, frozen, times=1) == [Outcome.DONE]
    assert windows.counted() == {"ko": 3}


def test_many_quick_answers_burn_nothing() -> None:
    """A replica may lag for seconds."""
    windows, frozen = known(), Frozen(FLUSH, NOW)
    windows.burn = 1
    assert set(tried(windows, frozen, times=50, every=0.1)) == {Outcome.AGAIN}
    assert frozen.flush == FLUSH


def test_after_a_burnt_token_counting_begins_anew() -> None:
    """The second attempt has ten seconds of its own."""
    windows, frozen = known(), Frozen(FLUSH, NOW)
    windows.burn = 9
    outcomes = tried(windows, frozen, times=12, every=2)
    assert [place for place, outcome in enumerate(outcomes) if outcome is Outcome.BURNT] == [5, 11]
    assert frozen.flush.attempt == 2


def test_another_writer_wins() -> None:
    """Its rows stay and ours are dropped, whatever our insert was answered."""
    windows = known()
    windows.append(flush(window(language="en"), stored=STORED, end=15))
    assert tried(windows, Frozen(FLUSH, NOW), times=1) == [Outcome.LOST]
    assert windows.counted() == {"en": 1}


class WrongSchema(UnsteadyWindows):
    """A store whose tables do not fit."""

    def append(self, flush: Flush) -> None:  # noqa: ARG002  whatever it is
        """Refuse, as the engine does."""
        raise Stop("no such column")


def test_a_schema_that_does_not_fit_stops() -> None:
    """Waiting does not help, so it is not taken for a failed insert."""
    with pytest.raises(Stop, match="no such column"):
        attempt(WrongSchema(), Frozen(FLUSH, NOW), NOW)


def test_the_twins_fail_as_they_say() -> None:
    """The rig itself: a burnt token is known without its rows, and a lost answer has them."""
    windows = known(None)
    windows.burn, windows.lose = 1, 1
    with pytest.raises(RetryLater):
        windows.append(flush(window(), end=5))
    assert windows.counted() == {}
    windows.lose = 1
    with pytest.raises(RetryLater):
        windows.append(flush(window(), end=5, attempt=1))
    assert windows.counted() == {"ko": 1}
