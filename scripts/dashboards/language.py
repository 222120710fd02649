"""One language: how it goes, by version, where its documents come from."""

from typing import Final

from scripts.dashboards import sql
from scripts.dashboards.grafana import Json, annotation, choice, column, dashboard, lines, panel, table
from scripts.dashboards.grafana import sql as target
from scripts.dashboards.parts import DEPLOYMENTS, FIGURES, FILTERS, HIT_THRESHOLD, READ_THE_TABLE, SOURCE

THIS: Final = f"language = {sql.exactly('language')}"
VERSIONED: Final = ("service", "environment", "collection", "embedding_model", "index_version")
LANGUAGE: Final = choice("language", "Language", sql.values_of("language"), "Which one", several=False)
INCIDENTS: Final = annotation("Incidents", "red", sql.incidents(f"language IN ({sql.exactly('language')}, '*')"))

VERSIONS: Final = f"""
SELECT {", ".join(VERSIONED)}, last_seen, {sql.FIGURES}
FROM (
  {sql.figures(VERSIONED, "language_windows", THIS).replace(sql.SUMS, sql.SUMS + ", max(minute) AS last_seen", 1)}
)
ORDER BY last_seen DESC, events DESC LIMIT 100"""

RECALL: Final = f"""
SELECT time, recall, {sql.ranked("recall", "total", "squares", "labels")[0]} AS low, {sql.ranked("recall", "total", "squares", "labels")[1]} AS high
FROM (
  SELECT $__timeInterval(minute) AS time, nullIf(sum(labelled), 0) AS labels, sum(recall_sum) AS total, sum(recall_sq) AS squares,
    {sql.mean("recall_sum", "labelled")} AS recall
  FROM language_windows
  WHERE {sql.where(THIS)}
  GROUP BY time)
WHERE labels > 0 ORDER BY time"""


def by_time(*values: str) -> str:
    """A line for each of these values."""
    return f"SELECT $__timeInterval(minute) AS time, {', '.join(values)}\nFROM language_windows\nWHERE {sql.where(THIS)}\nGROUP BY time ORDER BY time"


BY_VERSION: Final = f"""
SELECT $__timeInterval(minute) AS time, concat(embedding_model, ' ', index_version) AS version, {sql.mean("score_sum", "scored")} AS value
FROM language_windows
WHERE {sql.where(THIS, "score_kind IN ('cosine', 'dot', 'unknown')")}
GROUP BY time, version HAVING uniqExactIf(score_kind, scored > 0) = 1 ORDER BY time, version"""

LATENCY: Final = f"""
SELECT time, {sql.latency("latencies", 0.5)} AS p50, {sql.latency("latencies", 0.95)} AS p95
FROM (SELECT $__timeInterval(minute) AS time, sumMap(latency_hist) AS latencies FROM language_windows WHERE {sql.where(THIS)} GROUP BY time)
ORDER BY time"""

SCORES: Final = f"""
SELECT toString(floor(bin / 2) / 50) AS score, sum(scores) AS events, sum(labels) AS labelled, sum(hits) AS found
FROM (
  SELECT sumMap(score_hist) AS score_bins, sumMap(label_hist) AS label_bins, sumMap(label_hit_hist) AS hit_bins
  FROM language_windows
  WHERE {sql.where(THIS, "score_kind = 'cosine'")})
ARRAY JOIN mapKeys(score_bins) AS bin, mapValues(score_bins) AS scores,
  arrayMap(b -> label_bins[b], mapKeys(score_bins)) AS labels, arrayMap(b -> hit_bins[b], mapKeys(score_bins)) AS hits
GROUP BY floor(bin / 2) ORDER BY floor(bin / 2)"""

DOCUMENTS: Final = f"""
SELECT document_language, {sql.FIGURES}
FROM (
  {sql.figures(["document_language"], "pair_windows", THIS)}
)
ORDER BY events DESC LIMIT 100"""

SHOWN: Final = (column("events", unit="short"), column("labels", unit="short"), *FIGURES)

PANEL_VERSIONS: Final = table(
    "Versions side by side",
    f"The language by service, collection, model and index version, newest first. {READ_THE_TABLE} A version whose whole interval lies "
    "below that of the one before is worse: roll it back, or say `babelwatch alerts accept`.",
    target(VERSIONS),
    column("last_seen", unit="dateTimeAsIso"),
    *SHOWN,
    size=(24, 9),
)
PANEL_RECALL: Final = lines(
    "Recall with its 95 % interval",
    "Recall of labelled searches. A band that is wide rests on few labels: take a longer range before you believe a dip. "
    "Empty: the log has no labels; look at the mean best score.",
    target(RECALL, series=True),
    unit="percentunit",
    max=1,
    overrides=[
        column("high", custom__lineWidth=0, custom__fillBelowTo="low", custom__fillOpacity=20),
        column("low", custom__lineWidth=0),
    ],
)
PANEL_SCORES: Final = lines(
    "Mean best score by version",
    "What the nearest document scores. Within one model it falls with quality and needs no labels; lines of two models are not "
    "comparable. Reranked and keyword scores have no common scale and are left out.",
    target(BY_VERSION, series=True),
    unit="none",
    label="${__field.labels.version}",
)
FAILING: Final = lines(
    "No result, errors",
    "Shares of searches that found nothing (of those that did not fail), and of those that failed. A jump at a deployment's mark "
    "is that deployment's.",
    target(by_time(f"{sql.answered('zero_results')} AS no_result", f"{sql.share('errors', 'events')} AS failed"), series=True),
    unit="percentunit",
    min=0,
)
TRAFFIC: Final = lines(
    "Queries and labels",
    "What every rate of this page rests on: with few of either, rates jump by chance. Queries that fall alone: the language is "
    "tagged otherwise, or its searches are lost before they come here.",
    target(by_time("sum(events) AS queries", "sum(labelled) AS labels"), series=True),
    unit="short",
    min=0,
)
FOUND: Final = panel(
    "barchart",
    "Best scores",
    "How the best cosine scores are spread, in steps of .02: all searches, those with labels, and of these the ones that found a "
    "relevant document. A threshold belongs where found and not found part. Other kinds of score are not drawn.",
    target(SCORES),
    size=(12, 9),
    fieldConfig={"defaults": {"unit": "short", "color": {"mode": "palette-classic-by-name"}}, "overrides": []},
    options={"xField": "score", "showValue": "never", "stacking": "none", "tooltip": {"mode": "multi", "sort": "none"}},
)
TAGGING: Final = lines(
    "Documents and answers in other languages",
    "Of the documents among the first k with a known language, those in the query's own; of answers whose language is known, those in "
    "another; queries with words of a second language. Own documents that fall point to an index that lost a language.",
    target(
        by_time(
            f"{sql.share('own_documents', 'documents')} AS own_documents",
            f"{sql.share('answered_otherwise', 'answered')} AS answers_otherwise",
            f"{sql.share('mixed', 'events')} AS mixed_queries",
        ),
        series=True,
    ),
    unit="percentunit",
    min=0,
    max=1,
)
SLOW: Final = lines(
    "Latency",
    "The median and the 95th percentile, exact to 5 %. Slow searches are often cut off, and then find less.",
    target(LATENCY, series=True),
    unit="ms",
    min=0,
)
PANEL_DOCUMENTS: Final = table(
    "By document language",
    "The same figures by the language of the documents: of the relevant ones where there are labels, else of those that came back. One "
    "row that fell: that part of the index, or its translation. Searches whose documents have no known language are not in it.",
    target(DOCUMENTS),
    *SHOWN,
    size=(24, 8),
)


def made() -> Json:
    """The dashboard."""
    return dashboard(
        "babelwatch-language",
        "babelwatch: one language",
        "One language over time, by version and by the language of its documents.",
        [[PANEL_VERSIONS], [PANEL_RECALL, PANEL_SCORES], [FAILING, TRAFFIC], [FOUND, TAGGING], [PANEL_DOCUMENTS], [SLOW]],
        variables=[SOURCE, LANGUAGE, *FILTERS, HIT_THRESHOLD],
        annotations=[DEPLOYMENTS, INCIDENTS],
    )
