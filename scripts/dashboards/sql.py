"""What the queries share: filters that no value can break out of, sums, rates and their intervals.

Rows of the store may be unmerged, so every count is a sum, and every rate is made of sums. Times are compared as instants; the
`hour` is named besides because the table is ordered by it. Rates are NULL where there is nothing to divide by.
"""

from collections.abc import Sequence
from typing import Final

LEAST: Final = 50
"""Values below which a language is not called the worst: as many as the rules ask for (`min_events`)."""
SEVERAL: Final = ("service", "environment", "collection", "embedding_model", "index_version")
Z: Final = 1.96  # two-sided 95 %
LATENCY_STEP: Final = 1.1  # `agent.aggregate.histogram`: each bin is 10 % wider than the one before

TIME: Final = "hour >= $__fromTime - INTERVAL 1 HOUR AND hour <= $__toTime AND $__timeFilter(minute)"


def chosen(variable: str, value: str | None = None, *, or_none: bool = False) -> str:
    """That a value (else the column of the variable's name) is among those chosen; `or_none`: or empty.

    Neither `singlequote` nor `sqlstring` escapes a backslash, which escapes a quote in ClickHouse: a value that ends with one
    would break out. `queryparam` leaves nothing but letters, digits and a few signs, and the server decodes it.
    """
    value = value or variable
    values = f"arrayMap(v -> decodeURLComponent(v), extractAll('${{{variable}:queryparam}}', '=([^&]*)'))"
    among = f"has({values}, {value})"
    return f"$__conditionalAll({f'({value} = {QUOTES} OR {among})' if or_none else among}, ${variable})"


QUOTES: Final = "''"


def exactly(variable: str) -> str:
    """The value of a variable that has one, as a string: percent-encoded on the way, for the same reason."""
    return f"decodeURLComponent('${{{variable}:percentencode}}')"


def where(*others: str, variables: Sequence[str] = SEVERAL) -> str:
    """The time range, the chosen values, and more."""
    return "\n    AND ".join((TIME, *map(chosen, variables), *others))


def values_of(column: str, view: str = "language_windows") -> str:
    """The values of a variable, those with most queries first; what has no name is under All alone."""
    return f"SELECT {column} FROM {view} WHERE {TIME} AND {column} != '' GROUP BY {column} ORDER BY sum(events) DESC LIMIT 1000"


def share(part: str, whole: str) -> str:
    """A rate of two sums, NULL where there is nothing to divide by."""
    return f"sum({part}) / nullIf(sum({whole}), 0)"


def mean(total: str, n: str) -> str:
    """The mean of values that are summed in millionths."""
    return f"sum({total}) / 1e6 / nullIf(sum({n}), 0)"


def answered(rate: str) -> str:
    """A rate of the searches that did not fail, and of which the log says what they found."""
    return f"sum({rate}) / nullIf(sum(events) - sum(errors) - sum(untold), 0)"


def wilson(rate: str, n: str) -> tuple[str, str]:
    """The 95 % interval of a share (Wilson 1927), as `agent.alerting.statistics.wilson` has it; NULL without a rate.

    That is asked first: `greatest` and `least` leave a NULL out, or answer it, as the server's version has it.
    """
    middle, weight = f"{rate} + {Z * Z / 2:.4f} / {n}", f"(1 + {Z * Z:.4f} / {n})"
    half = f"{Z} * sqrt({rate} * (1 - {rate}) / {n} + {Z * Z / 4:.4f} / ({n} * {n}))"
    return (
        f"if(isNull({rate}), NULL, greatest(0, ({middle} - {half}) / {weight}))",
        f"if(isNull({rate}), NULL, least(1, ({middle} + {half}) / {weight}))",
    )


def ranked(rate: str, total: str, squares: str, n: str) -> tuple[str, str]:
    """The 95 % interval of a mean of values in 0..1: Wilson's where all are 0 or 1, else the normal one, from two values on."""
    half = f"{Z} * sqrt(greatest({squares} / 1e6 - {n} * {rate} * {rate}, 0) / ({n} - 1) / {n})"
    low, high = wilson(rate, n)
    return (
        f"multiIf({total} = {squares}, {low}, {n} > 1, greatest(0, {rate} - {half}), NULL)",
        f"multiIf({total} = {squares}, {high}, {n} > 1, least(1, {rate} + {half}), NULL)",
    )


def latency(histogram: str, quantile: float) -> str:
    """A quantile in milliseconds: the middle of the bin in which it is reached; NULL without latencies."""
    counts = f"arrayCumSum(arrayMap(b -> {histogram}[b], arraySort(mapKeys({histogram}))))"
    bin_ = f"arraySort(mapKeys({histogram}))[arrayFirstIndex(c -> c >= {quantile} * arraySum(mapValues({histogram})), {counts})]"
    return f"if(empty({histogram}), NULL, if({bin_} > -100, pow({LATENCY_STEP}, {bin_} + 0.5), 0))"


THRESHOLD: Final = f"toFloat64OrNull({exactly('hit_threshold')})"
HITS: Final = f"sum(arraySum(mapValues(mapFilter((bin, found) -> bin >= ceil(round({THRESHOLD} * 1e6) / 1e4), score_hist))))"

SUMS: Final = f"""
    sum(events) AS seen, sum(events) - sum(errors) - sum(untold) AS searched,
    nullIf(sum(labelled), 0) AS n, sum(recall_sum) AS hits_n, sum(recall_sq) AS hits_sq, {mean("recall_sum", "labelled")} AS found,
    {mean("mrr_sum", "labelled")} AS mrr, {mean("ndcg_sum", "labelled")} AS ndcg,
    if(uniqExactIf((embedding_model, score_kind), scored > 0) = 1, {mean("score_sum", "scored")}, NULL) AS similarity,
    if({THRESHOLD} IS NULL OR sumIf(scored, score_kind != 'cosine') > 0, NULL, ifNull({HITS}, 0) / nullIf(searched, 0)) AS hit,
    {answered("zero_results")} AS nothing, {share("errors", "events")} AS failed, sumMap(latency_hist) AS latencies"""

FIGURES: Final = f"""seen AS events, n AS labels,
  found AS recall, {ranked("found", "hits_n", "hits_sq", "n")[0]} AS recall_low, {ranked("found", "hits_n", "hits_sq", "n")[1]} AS recall_high,
  mrr, ndcg, hit AS hit_rate, {wilson("hit", "searched")[0]} AS hit_low, {wilson("hit", "searched")[1]} AS hit_high,
  similarity, nothing AS no_result, failed AS errors, {latency("latencies", 0.95)} AS p95_ms"""
"""The columns of a table of figures, over the sums of `SUMS`."""


def figures(by: Sequence[str], view: str = "language_windows", *others: str) -> str:
    """Sums by these columns, ready for `FIGURES`."""
    columns = ", ".join(by)
    return f"SELECT {columns},{SUMS}\n  FROM {view}\n  WHERE {where(*others)}\n  GROUP BY {columns}"


def said(field: str, body: str = "body") -> str:
    """A text in a row of the journal, empty where it is not there."""
    return f"JSONExtractString({body}, '{field}')"


def moment(field: str) -> str:
    """A time in an incident's newest state, NULL where it has none."""
    return f"parseDateTime64BestEffortOrNull({said(field, 'newest')}, 3, 'UTC')"


WHERE_SAID: Final = " AND ".join(chosen(name, said(name, "newest"), or_none=True) for name in ("service", "environment"))
"""Incidents of the chosen services and environments; what the agent says of itself is about none, and of all."""

NEWEST: Final = f"""SELECT argMax(body, (at, written)) AS newest
      FROM journal FINAL WHERE kind = 'transition'
      GROUP BY {said("fingerprint")}, {said("pending_since")}"""
"""Each incident in its newest state, as `agent.report.views.incidents` has it."""

OPEN: Final = f"""SELECT {said("language", "newest")} AS language, {said("severity", "newest")} AS severity,
    {said("service", "newest")} AS service, {said("class", "newest")} AS class,
    if(class = 'level' AND {said("state", "newest")} = 'firing', 'low', {said("state", "newest")}) AS state,
    coalesce({moment("began_at")}, {moment("fired_at")}, {moment("pending_since")}) AS since,
    {said("summary", "newest")} AS summary, {said("fingerprint", "newest")} AS fingerprint
    FROM ({NEWEST})
    WHERE {said("state", "newest")} != 'resolved' AND {WHERE_SAID}
      AND (fingerprint, {said("began_at", "newest")}) NOT IN (
        SELECT {said("fingerprint")}, {said("began_at")} FROM journal FINAL
        WHERE kind = 'action' AND {said("action")} IN ('accept', 'close'))"""
"""What asks for somebody now, whatever the time range: what a person has accepted or closed is over."""

DEPLOYMENTS: Final = f"""
SELECT at AS time, 'Deployment' AS title, 'deployment' AS tags,
  arrayStringConcat(arrayFilter(part -> part != '', [{", ".join(said(name) for name in SEVERAL)}, {said("note")}, {said("notice")}]), ' · ') AS text
FROM journal FINAL
WHERE kind = 'change' AND $__timeFilter(at)
  AND {" AND ".join(chosen(name, said(name), or_none=True) for name in ("service", "environment", "collection"))}
ORDER BY time"""


def incidents(*conditions: str) -> str:
    """Annotations: incidents that fired, from the moment they began until they were over or until now."""
    others = "".join(f"\n  AND {condition}" for condition in conditions)
    return f"""
SELECT time, timeEnd, title, text, tags FROM (
  SELECT coalesce({moment("began_at")}, {moment("fired_at")}) AS time,
    coalesce({moment("resolved_at")}, if({said("pending_since", "newest")} = '', time, now64(3, 'UTC'))) AS timeEnd,
    concat({said("severity", "newest")}, ': ', {said("language", "newest")}) AS title,
    {said("summary", "newest")} AS text, {said("class", "newest")} AS tags, {said("language", "newest")} AS language
  FROM ({NEWEST})
  WHERE {moment("fired_at")} IS NOT NULL AND {WHERE_SAID})
WHERE time <= $__toTime AND timeEnd >= $__fromTime{others}
ORDER BY time"""
