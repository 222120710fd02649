"""What a track is measured against from when it fell until it has recovered."""

from collections.abc import Sequence
from typing import NamedTuple

from agent.alerting.statistics import Baseline, Wobbles


class Frozen(NamedTuple):
    """The baseline of a track, and what is usual in each of its collections."""

    base: Baseline
    rates: dict[str, tuple[float, ...]]
    wobbles: Wobbles


def merged(bases: Sequence[Baseline]) -> Baseline:
    """One baseline of several collections: its counts weigh, its rates are asked of each collection."""
    if len(bases) == 1:
        return bases[0]
    n = sum(base.n for base in bases)
    return Baseline(
        rates=bases[0].rates,
        counts=tuple(map(sum, zip(*(base.counts for base in bases), strict=True))),
        mean=sum(base.mean * base.n for base in bases) / n,
        variance=sum(base.variance * base.n for base in bases) / n,
        n=n,
        days=max(base.days for base in bases),
        binary=all(base.binary for base in bases),
    )
