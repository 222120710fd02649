"""The exact binomial."""

import pytest
from scipy import stats

from agent.alerting.binomial import surely_most


@pytest.mark.parametrize("n", [1, 13, 14, 15, 18, 29, 100, 400])
def test_it_is_the_tail_of_the_binomial(n: int) -> None:
    """As scipy has it, for every k; never with fewer than 14."""
    for k in range(n + 1):
        assert surely_most(k, n) == (n >= 14 and stats.binom.sf(k - 1, n, 0.5) < 1e-4)
