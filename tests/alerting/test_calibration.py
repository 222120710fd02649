"""How well a score tells a hit from a miss."""

import numpy as np
import pytest

from agent.alerting.calibration import auc, calibration


def histogram(scores: list[float]) -> dict[int, int]:
    """Scores in bins of .01."""
    bins, counts = np.unique([int(score * 100) for score in scores], return_counts=True)
    return dict(zip(bins.tolist(), counts.tolist(), strict=True))


def test_the_area_is_the_share_of_pairs_in_which_the_hit_is_higher() -> None:
    """Counted pair by pair, ties half."""
    chance = np.random.default_rng(7)
    hits, misses = (np.floor(chance.normal(mean, 0.1, 60) * 100) / 100 for mean in (0.5, 0.4))
    pairs = [(hit > miss) + (hit == miss) / 2 for hit in hits for miss in misses]
    found = auc(histogram([*hits, *misses]), histogram(list(hits)))
    assert found == pytest.approx(np.mean(pairs))


@pytest.mark.parametrize(
    ("hits", "misses", "kind", "word"),
    [
        ([0.6] * 30, [0.2] * 30, "cosine", "calibrated"),
        ([0.2] * 30, [0.6] * 30, "distance", "calibrated"),
        ([0.2] * 30, [0.6] * 30, "cosine", "weak"),
        ([0.4] * 30, [0.4] * 30, "cosine", "weak"),
        ([0.6] * 20, [0.2] * 20, "cosine", "unknown"),
        ([0.6] * 60, [], "cosine", "unknown"),
    ],
)
def test_calibrated_weak_or_unknown(hits: list[float], misses: list[float], kind: str, word: str) -> None:
    """An area of .75 on 50 labels, with hits and misses among them; of distances the smaller is better."""
    assert calibration(histogram([*hits, *misses]), histogram(hits), kind) == word
