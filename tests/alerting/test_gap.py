"""The gap by labels, and what it says to scores."""

import pytest

from agent.alerting.gap import LABELS_TELL, Labelled, Says, Word, confirmed_by, gap, says, usual
from tests.alerting.traffic import MICRO


def labels(n: int, hits: int) -> Labelled:
    """Labelled queries and hits."""
    return Labelled(n, hits * MICRO)


def test_the_gap_with_a_pocket_calculator() -> None:
    """50 queries with 20 hits against 9,000 of 10,000: the example of the documentation."""
    figures = gap(labels(50, 20), labels(10_000, 9_000), 15)
    assert figures.drop == pytest.approx(0.5)
    assert figures.se == pytest.approx((1.5 * (21 / 52 * 31 / 52 / 50 + 0.09 / 10_000)) ** 0.5, rel=1e-4)
    assert figures.ci95 == pytest.approx((0.5 - 1.96 * figures.se, 0.5 + 1.96 * figures.se))


@pytest.mark.parametrize(
    ("n", "hits", "word"),
    [
        (50, 27, "far_below"),
        (50, 28, "undecided"),
        (50, 40, "undecided"),
        (50, 42, "near"),
        (500, 395, "near"),
        (500, 320, "far_below"),
    ],
)
def test_labels_say_far_below_near_or_neither(n: int, hits: int, word: str) -> None:
    """Against 90 % and 20 points: by the lower bound, by the upper bound; few labels say neither."""
    assert says(gap(labels(n, hits), labels(10_000, 9_000), 15), 0.2) == word


def test_all_or_nothing_is_not_certain() -> None:
    """50 misses of 50 have a standard error."""
    assert gap(labels(50, 0), labels(10_000, 9_000), 15).se > 0.02


def test_the_reference_is_the_median_of_the_languages_with_enough_labels() -> None:
    """Of two it is the better one, so that the worse is seen; of none there is none."""
    seen = {"en": labels(900, 873), "de": labels(100, 90), "ko": labels(100, 70), "lo": labels(49, 0)}
    found = usual(seen, ("en", "de", "ko"), 50)
    assert found is not None
    assert found.labelled == seen["de"]
    two = usual(seen, ("ko", "lo", "en", "ja"), 50)
    assert two is not None
    assert (two.labelled, two.languages) == (seen["en"], ("ko", "en"))
    assert usual(seen, ("lo", "ja"), 50) is None


def word(said: Says, last: int = 0) -> Word:
    """What a window said that ended with this minute."""
    return Word(said, labels(50, 20), labels(10_000, 9_000), last - 14, last)


@pytest.mark.parametrize(
    ("said", "confirmed"),
    [
        (None, "unconfirmed"),
        (word("undecided"), "unconfirmed"),
        (word("far_below"), "yes"),
        (word("near"), "no"),
        (word("near", -1), "unconfirmed"),
    ],
)
def test_labels_decide_on_low_scores(said: Word | None, confirmed: str) -> None:
    """Where they are of the last seven days and do decide."""
    assert confirmed_by(said, LABELS_TELL) == confirmed
