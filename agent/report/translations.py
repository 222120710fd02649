"""What the tables say of translated queries: by engine how many, their mean quality, and the share of low confidence. Pure."""

from typing import Any

from agent.aggregate.histogram import MICRO
from agent.aggregate.measures import Measures
from agent.aggregate.translations import Qualities, by_engine

Row = dict[str, Any]


def translations(sums: Measures, low: float) -> list[Row] | None:
    """A row for each engine, the one with most translations first; None where no query has a translation quality.

    `mean` is in 0..1, `low_share` the share below `low`, a multiple of .01. The engine is "" where the log named none. It is
    None, and so is `low_share`, of what was counted before engines were (schema 2 of the store).
    """
    engines = by_engine(sums.translation_hist, sums.translation_sums)
    ordered = sorted(engines.items(), key=lambda item: (-item[1].n, item[0]))
    rows = [_row(engine, found, found.below(low) / found.n) for engine, found in ordered]
    earlier = _earlier(sums)
    return [*rows, *([_row(None, earlier, None)] if earlier.n else [])] or None


def _row(engine: str | None, found: Qualities, low_share: float | None) -> Row:
    return {"engine": engine, "n": found.n, "mean": found.total / MICRO / found.n, "low_share": low_share}


def _earlier(sums: Measures) -> Qualities:
    """What is in no engine's sums."""
    n = sums.translated - sum(sums.translation_hist.values())
    return Qualities(n, sums.translation_sum - sum(sums.translation_sums.values()), {})
