"""One baseline of several collections."""

from agent.alerting.frozen import merged
from agent.alerting.statistics import MICRO, Sums, baseline_of


def test_collections_weigh_by_their_queries() -> None:
    """A large one at 90 % and a small one at 50 %: three queries of four are the large one's."""
    large, small = (
        baseline_of([Sums(n, hits * MICRO, hits * MICRO)] * 24, days) for n, hits, days in ((300, 270, 14), (100, 50, 9))
    )
    assert large is not None
    assert small is not None
    one = merged([large, small])
    assert (one.n, one.counts, one.days, one.binary) == (9_600, (400,) * 24, 14, True)
    assert abs(one.mean - 0.8) < 1e-12
    assert abs(one.variance - (0.75 * 0.09 + 0.25 * 0.25)) < 1e-12
    assert merged([small]) is small
