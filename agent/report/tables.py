"""The per-language table, and the same by query and document language: pure, from sums to rows of JSON.

Rates are in 0..1; a measure without data is null, never 0.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from agent.aggregate.histogram import MICRO, at_or_above, latency_at, quantile_bin
from agent.aggregate.measures import Measures, merged
from agent.alerting.action import is_open
from agent.alerting.calibration import Calibration, calibration
from agent.alerting.detectable import Rate, detectable, watched_by
from agent.alerting.incident import Incident
from agent.alerting.measures import Quality, first_hit_bin
from agent.alerting.rule import NO_LANGUAGE
from agent.alerting.statistics import mean_interval, wilson
from agent.report.translations import translations
from agent.store.base import Total

ALWAYS = ("collection", "embedding_model", "score_kind")  # a hit's threshold hangs on these
Row = dict[str, Any]


def columns(*, pairs: bool, by: Sequence[str]) -> tuple[str, ...]:
    """What the store groups by for a table."""
    shown = ("language", "document_language", *by) if pairs else ("language", *by)
    return tuple(dict.fromkeys((*shown, *ALWAYS)))


class Seen(NamedTuple):
    """What is known besides the sums: `days` of traffic (0: not known), and the languages that active checks ask."""

    days: float = 0.0
    probed: Container[str] = ()


def rows(
    totals: Iterable[Total],
    shown: Sequence[str],
    quality: Quality,
    incidents: Sequence[Incident] = (),
    seen: Seen = Seen(),  # noqa: B008  immutable
) -> list[Row]:
    """One row for each combination of the shown columns, the one with most events first; `incidents` in their newest states."""
    groups: defaultdict[tuple[str, ...], list[Total]] = defaultdict(list)
    for total in totals:
        groups[tuple(getattr(total.key, name) for name in shown)].append(total)
    keys = {values: dict(zip(shown, values, strict=True)) for values in groups}
    found = [
        {
            **keys[values],
            **_figures(parts, quality),
            **_standing(keys[values], incidents),
            **_watched(keys[values], parts, quality, seen),
        }
        for values, parts in groups.items()
    ]
    return sorted(found, key=lambda row: (-row["events"], *(row[name] for name in shown)))


def _standing(key: Mapping[str, str], incidents: Sequence[Incident]) -> Row:
    """The worst state of the open incidents in this row; an incident without an index version is in all of them.

    `low`: nothing broke, but it is low whatever is deployed.
    """
    here = [
        one for one in incidents if is_open(one) and all(getattr(one, name, None) in (value, None) for name, value in key.items())
    ]
    states = {"low" if one.class_ == "level" and one.state == "firing" else one.state for one in here}
    return {"state": next((state for state in ("firing", "pending", "low") if state in states), "ok")}


def _watched(key: Mapping[str, str], parts: Sequence[Total], quality: Quality, seen: Seen) -> Row:
    """The smallest fall that its traffic shows, by the measure that shows most, and what would notice one. Pairs have no rules."""
    if not seen.days or "document_language" in key:
        return {"detectable": None, "watched_by": None}
    if key.get("language") in NO_LANGUAGE:
        return {"detectable": None, "watched_by": watched_by(None, grouped=False)}
    smallest = min(_detectable(parts, quality, seen.days), default=None)
    grouped = any(part.measures.scored and quality.floor_of(part.key.embedding_model) is not None for part in parts)
    return {"detectable": smallest, "watched_by": watched_by(smallest, grouped=grouped, probed=key.get("language") in seen.probed)}


def _detectable(parts: Sequence[Total], quality: Quality, days: float) -> Iterator[float]:
    sums = merged([part.measures for part in parts])
    for n, good in ((sums.labelled, sums.recall_sum / MICRO), (sums.told, _hits(parts, quality))):
        mean = _rate(good, n)
        if mean is not None and (smallest := detectable(Rate(mean, n / days))) is not None:
            yield smallest


def _figures(parts: Sequence[Total], quality: Quality) -> Row:
    sums = merged([part.measures for part in parts])
    answered = sums.told
    hits = _hits(parts, quality)
    figures: Row = {
        "queries": round(sums.queries / MICRO),
        "events": sums.events,
        "hit_rate": _rate(hits, answered),
        **_threshold(parts, quality),
        "zero_result_rate": _rate(sums.zero_results, answered),
        "error_rate": _rate(sums.errors, sums.events),
        "similarity_mean": _rate(sums.score_sum / MICRO, sums.scored) if _comparable(parts) else None,
        "labelled": sums.labelled,
        "k": quality.k,
        "recall_at_k": _rate(sums.recall_sum / MICRO, sums.labelled),
        "mrr_at_k": _rate(sums.mrr_sum / MICRO, sums.labelled),
        "ndcg_at_k": _rate(sums.ndcg_sum / MICRO, sums.labelled),
        "translation": translations(sums, quality.translation_low),
        "translation_low": quality.translation_low,
    }
    intervals = _intervals(sums, hits, answered)
    figures["ci95"] = {name: interval for name, interval in intervals.items() if figures[name] is not None and interval}
    return figures | _latency(sums)


def measured(name: str, parts: Sequence[Total], quality: Quality) -> float | None:
    """One of the measures that rows are judged by, without its interval: a point of a chart."""
    sums = merged([part.measures for part in parts])
    if name == "recall_at_k":
        return _rate(sums.recall_sum / MICRO, sums.labelled)
    if name == "hit_rate":
        return _rate(_hits(parts, quality), sums.told)
    return _rate(sums.score_sum / MICRO, sums.scored) if _comparable(parts) else None


def _rate(part: float | None, whole: int) -> float | None:
    return None if part is None or not whole else part / whole


def _scored(parts: Sequence[Total]) -> Sequence[Total]:
    """Those with scores, where there are any: what found nothing needs no threshold to be a miss."""
    return [part for part in parts if part.measures.scored] or parts


def _hits(parts: Sequence[Total], quality: Quality) -> int | None:
    """Events whose best score reaches the threshold of their model and collection; None where one has no threshold."""
    hits = 0
    for part in _scored(parts):
        first = first_hit_bin(part.key, quality)
        if first is None:
            return None
        hits += at_or_above(part.measures.score_hist, first)
    return hits


def _threshold(parts: Sequence[Total], quality: Quality) -> Row:
    limits = {quality.hit_threshold.of(part.key) for part in _scored(parts)}
    limit = limits.pop() if len(limits) == 1 else None
    return {"hit_threshold": limit, "hit_source": _source(parts) if _hits(parts, quality) is not None else None}


def _source(parts: Sequence[Total]) -> Calibration:
    """How well the scores of this row tell hits from misses; several score scales tell nothing together."""
    if not _comparable(parts):
        return "unknown"
    sums = merged([part.measures for part in parts])
    return calibration(sums.label_hist, sums.label_hit_hist, parts[0].key.score_kind)


def _comparable(parts: Sequence[Total]) -> bool:
    """Scores of several models or kinds have no common mean."""
    return len({(part.key.embedding_model, part.key.score_kind) for part in parts if part.measures.scored}) == 1


def _intervals(sums: Measures, hits: int | None, answered: int) -> Mapping[str, tuple[float, float] | None]:
    """95 % intervals: Wilson for shares of events, normal for means."""
    return {
        "hit_rate": wilson(hits or 0, answered),
        "zero_result_rate": wilson(sums.zero_results, answered),
        "error_rate": wilson(sums.errors, sums.events),
        "similarity_mean": mean_interval(sums.score_sum / MICRO, sums.score_sq / MICRO, sums.scored),
        "recall_at_k": _ranked(sums.recall_sum, sums.recall_sq, sums.labelled),
        "mrr_at_k": _ranked(sums.mrr_sum, sums.mrr_sq, sums.labelled),
        "ndcg_at_k": _ranked(sums.ndcg_sum, sums.ndcg_sq, sums.labelled),
    }


def _ranked(total: int, squares: int, n: int) -> tuple[float, float] | None:
    if total == squares:  # every value is 0 or 1
        return wilson(round(total / MICRO), n)
    interval = mean_interval(total / MICRO, squares / MICRO, n)
    return None if interval is None else (max(0.0, interval[0]), min(1.0, interval[1]))


def _latency(sums: Measures) -> Row:
    middle, slow = (quantile_bin(sums.latency_hist, share) for share in (0.5, 0.95))
    return {
        "latency_p50_ms": None if middle is None else round(latency_at(middle), 1),
        "latency_p95_ms": None if slow is None else round(latency_at(slow), 1),
    }
