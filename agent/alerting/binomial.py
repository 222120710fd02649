"""How likely so many of n are when each is as likely as not: exact, in whole numbers."""

from functools import cache
from math import comb

FEWEST = 14  # of fewer none is sure enough: 13 of 13 are 1 in 8,192
CHANCE = 10_000  # one in so many


@cache
def surely_most(k: int, n: int) -> bool:
    """Whether k of n show beyond doubt that it is most: n >= 14 and P(K >= k | n, .5) < 1e-4. For small n: it sums n - k terms."""
    return n >= FEWEST and CHANCE * sum(comb(n, more) for more in range(k, n + 1)) < 2**n
