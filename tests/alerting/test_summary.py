"""What an incident says."""

import pytest
from msgspec.structs import replace

from agent.alerting.changes import Change
from agent.alerting.condition import Limit
from agent.alerting.minutes import start_of
from agent.alerting.rule import Measure
from agent.alerting.statistics import Figures, Noise, Parts
from agent.alerting.summary import (
    Fact,
    back_text,
    duration,
    fall_text,
    low_text,
    not_low_text,
    one_line,
    points,
    refuted_text,
    version_text,
)
from tests.alerting.traffic import START

FIGURES = Figures(1204, 16_142, 0.568, 0.68, 0.112, 0.0265, 4.2, (0.06, 0.164), 12)
CHANGE = Change("help", "prod", "kb", "m1", "v42", start_of(START))


def fact(measure: Measure = "recall_at_k", figures: Figures = FIGURES, days: int = 14) -> Fact:
    """One measure that fell."""
    return Fact(measure, figures, days, 10, 0.35)


def test_a_fall_of_labels() -> None:
    """The number first, its interval, since when, against what, on how many queries."""
    assert fall_text("es", [fact()], CHANGE) == (
        "Spanish recall@10 fell 11.2 points (95 % CI 6.0 to 16.4; first estimate, tends high): 56.8 % since index version v42"
        " (1,204 labelled queries, 12 min) against 68.0 % at the same hours of the previous 14 days (16,142)."
    )


@pytest.mark.parametrize(("tau", "said"), [(0.0123, "wobble by ±1.2 points"), (0.0004, "vary by chance only")])
def test_how_far_windows_usually_differ(tau: float, said: str) -> None:
    """Nobody is told of a wobble of nothing."""
    parts = Parts(0.25, 0.22, 16_142, Noise(1.5, tau))
    text = fall_text("es", [fact(figures=replace(FIGURES, parts=parts))._replace(against="trailing")], None)
    assert text.endswith(f" Its windows of 12 min normally {said}.")


def test_a_fall_of_scores_says_that_it_is_unconfirmed() -> None:
    """The proxy is named by its threshold."""
    assert fall_text("es", [fact("hit_rate", days=1), fact("similarity_mean")], CHANGE) == (
        "Spanish: score signal, unconfirmed: the share of queries with best score ≥ 0.35 fell 11.2 points (95 % CI 6.0 to 16.4;"
        " first estimate, tends high): 56.8 % since index version v42 (1,204 queries, 12 min) against 68.0 % at the same hours of"
        " the previous day (16,142). Also fell: the mean best score 11.2 points."
    )


def test_the_end_of_a_fall() -> None:
    """Where it stands now, and what it had been."""
    now = Figures(6000, 16_142, 0.676, 0.68, 0.004, 0.01, 0.4, (-0.016, 0.024), 60)
    assert back_text("ko", fact(figures=now), 0.112) == (
        "Korean recall@10 is back: 67.6 % in the last 60 min (6,000 labelled queries) against 68.0 % at the same hours before."
        " It had fallen 11.2 points."
    )


def test_scores_that_labels_refute() -> None:
    """The interval of the labels is the reason."""
    now = Figures(6000, 16_142, 0.676, 0.68, 0.004, 0.01, 0.4, (-0.016, 0.024), 60)
    assert refuted_text("ko", fact(figures=now)) == (
        "Korean: not confirmed: the scores changed, but recall@10 did not fall: 67.6 % (6,000 labelled queries) against 68.0 %;"
        " 95 % CI of the fall -1.6 to 2.4 points."
    )


def test_a_low_language() -> None:
    """Below noise is said where it is so."""
    figures = Figures(92, 5000, 0.034, 0.57, 0.536, 0.01, 9.0, (0.52, 0.55), 45)
    assert low_text("lo", figures, Limit(0.318, 0.57, 5000, ("en", "ja")), 0.21, "unconfirmed") == (
        "Lao is consistently low, below noise: median best score 0.03 (95 % CI 0.02 to 0.05) in the last 45 min (92 queries),"
        " under the limit of 0.32; unrelated text scores 0.21, English, Japanese 0.57 (5,000). Score signal, unconfirmed."
    )
    assert "noise" not in low_text("lo", figures, Limit(0.318, 0.57, 5000, ("en",)), 0.01, "unconfirmed")
    assert not_low_text("lo", figures, 0.318) == (
        "Lao is no longer low: median best score 0.03 (92 queries in the last 45 min), above the limit of 0.32."
    )


@pytest.mark.parametrize(
    ("model", "index", "new_model", "text"),
    [
        ("m1", "v42", False, "index version v42"),
        ("m2", "v42", True, "embedding model m2 (index version v42)"),
        ("m2", "", True, "embedding model m2"),
        ("m2", "", False, "embedding model m2"),
        ("", "v42", True, "index version v42"),
    ],
)
def test_what_was_deployed(model: str, index: str, new_model: bool, text: str) -> None:  # noqa: FBT001 - a table
    """The index version, or the model where that is new."""
    assert version_text(Change("help", "prod", "kb", model, index, start_of(START), new_model)) == text


def test_a_name_from_a_log_cannot_break_the_line() -> None:
    """Nor flood it."""
    assert one_line("v42\nRESOLVED\u202e\x1b[31m") == "v42RESOLVED[31m"
    assert len(one_line("x" * 5000)) == 60


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(1, "1 min"), (119, "119 min"), (120, "2 h"), (340, "5 h 40 min"), (2880, "2 d"), (4320, "3 d"), (3600, "2.5 d")],
)
def test_durations(minutes: int, text: str) -> None:
    """As people say them."""
    assert duration(minutes) == text


def test_points_have_no_negative_zero() -> None:
    """A hair below zero is zero, and -10.0 keeps its sign."""
    assert (points(-0.0001), points(0.112), points(-0.1)) == ("0.0", "11.2", "-10.0")
