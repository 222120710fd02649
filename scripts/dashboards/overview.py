"""All languages: which one is worst, what is open, and the average only beside the worst."""

from typing import Final

from scripts.dashboards import sql
from scripts.dashboards.grafana import Json, column, dashboard, lines, stat, table
from scripts.dashboards.grafana import sql as target
from scripts.dashboards.parts import (
    DEPLOYMENTS,
    FIGURES,
    FILTERS,
    HIT_THRESHOLD,
    INCIDENTS,
    LANGUAGE_LINK,
    READ_THE_TABLE,
    SOURCE,
    STATE,
)

DRAWN: Final = 12
"""Lines in one panel, of a hundred languages; the table has all."""

WORST_RECALL: Final = f"""
SELECT concat(language, ' (', toString(sum(labelled)), ' labels)') AS worst, {sql.mean("recall_sum", "labelled")} AS recall
FROM (SELECT * FROM language_windows WHERE {sql.where()})
GROUP BY language HAVING sum(labelled) >= {sql.LEAST} ORDER BY recall LIMIT 1"""

MOST_NOTHING: Final = f"""
SELECT concat(language, ' (', toString(sum(events)), ' queries)') AS worst, {sql.answered("zero_results")} AS no_result
FROM (SELECT * FROM language_windows WHERE {sql.where()})
GROUP BY language HAVING sum(events) - sum(errors) - sum(untold) >= {sql.LEAST} ORDER BY no_result DESC LIMIT 1"""

OPEN_NOW: Final = f"SELECT count() AS open FROM ({sql.OPEN}) WHERE state IN ('firing', 'low')"
AS_OF: Final = "SELECT dateDiff('second', max(at), now('UTC')) AS age FROM journal FINAL WHERE kind = 'as_of' HAVING count() > 0"

LANGUAGES: Final = f"""
SELECT language, if(standing.state = '', 'ok', standing.state) AS state, {sql.FIGURES}
FROM (
  {sql.figures(["language"])}
) AS sums
LEFT JOIN (
  SELECT language, argMin(state, indexOf(['firing', 'pending', 'low'], state)) AS state FROM ({sql.OPEN}) GROUP BY language
) AS standing USING (language)
ORDER BY state = 'ok', events DESC"""

INCIDENTS_NOW: Final = f"""
SELECT since, state, severity, language, service, class, summary, fingerprint FROM ({sql.OPEN})
ORDER BY indexOf(['firing', 'pending', 'low'], state), since DESC"""


def by_language(value: str, order: str, *, least: str = "events") -> str:
    """A line for each of some languages: those that come first in this order, of all that have enough."""
    return f"""
SELECT $__timeInterval(minute) AS time, language, {value} AS value
FROM language_windows
WHERE {
        sql.where(f'''language IN (
      SELECT language FROM language_windows WHERE {sql.where()}
      GROUP BY language HAVING sum({least}) >= {sql.LEAST} ORDER BY {order} LIMIT {DRAWN})''')
    }
GROUP BY time, language HAVING isNotNull(value) ORDER BY time, language"""


BESIDE: Final = f"""
SELECT time, min(recall) AS worst, sum(recall * n) / sum(n) AS average
FROM (
  SELECT $__timeInterval(minute) AS time, language, {sql.mean("recall_sum", "labelled")} AS recall, sum(labelled) AS n
  FROM language_windows
  WHERE {
    sql.where(f'''language IN (
      SELECT language FROM language_windows WHERE {sql.where()}
      GROUP BY language HAVING sum(labelled) >= {sql.LEAST})''')
}
  GROUP BY time, language HAVING n > 0)
GROUP BY time ORDER BY time"""

FEW: Final = f" Languages with fewer than {sql.LEAST} in the whole range are not drawn; the table has them."
OF_LANGUAGE: Final = "${__field.labels.language}"

STATS: Final = [
    stat(
        "Worst language by recall",
        f"The language with the lowest recall among those with {sql.LEAST} labels or more. Open it in the table below. Empty: no labels.",
        target(WORST_RECALL),
        unit="percentunit",
        size=(6, 5),
        named=True,
        decimals=1,
        noValue="no labels",
    ),
    stat(
        "Most searches without a result",
        "The language with the largest share of searches that found nothing, of those that did not fail. A rise points to "
        "filters, tagging or a document language that is gone.",
        target(MOST_NOTHING),
        unit="percentunit",
        size=(6, 5),
        named=True,
        decimals=1,
        steps=[(None, "text"), (0.05, "orange"), (0.2, "red")],
    ),
    stat(
        "Firing now",
        "Incidents that fire now, whatever the time range above. `babelwatch alerts explain` follows the decision step by step.",
        target(OPEN_NOW),
        unit="none",
        size=(6, 5),
        steps=[(None, "green"), (1, "red")],
    ),
    stat(
        "Evaluated up to",
        "How long ago the newest evaluated moment is. Two to four minutes are normal; beyond ten the agent is blind, and what "
        "stands here is old: look at the agent's health.",
        target(AS_OF),
        unit="s",
        size=(6, 5),
        steps=[(None, "green"), (240, "orange"), (600, "red")],
        noValue="never",
    ),
]
PANEL_LANGUAGES: Final = table(
    "Languages",
    f"One row a language, those with an open incident first. {READ_THE_TABLE} Follow a language's link for its own dashboard.",
    target(LANGUAGES),
    STATE,
    column("language", links=[LANGUAGE_LINK]),
    column("events", unit="short"),
    column("labels", unit="short"),
    *FIGURES,
    size=(24, 13),
)
STANDING: Final = table(
    "Open incidents",
    "What asks for somebody now: the summary says how much and since when. `babelwatch alerts explain` with the fingerprint shows "
    "the decision; acknowledge, accept or close it there, and it goes from here. `*` is all languages.",
    target(INCIDENTS_NOW),
    STATE,
    column("language", links=[LANGUAGE_LINK]),
    column("summary", custom__width=700),
    size=(24, 7),
)
CHARTS: Final = [
    [
        lines(
            "Recall by language",
            f"The {DRAWN} languages with the lowest recall. A fall at a deployment's mark: look at that language by version." + FEW,
            target(
                by_language(sql.mean("recall_sum", "labelled"), sql.mean("recall_sum", "labelled"), least="labelled"),
                series=True,
            ),
            unit="percentunit",
            label=OF_LANGUAGE,
            max=1,
        ),
        lines(
            "The average beside the worst language",
            "Recall over all queries, and of the worst language at each moment. The average can rise while a language breaks: never "
            "read it alone. A single point of the lower line rests on few labels when the steps are short." + FEW,
            target(BESIDE, series=True),
            unit="percentunit",
            max=1,
        ),
    ],
    [
        lines(
            "Searches without a result",
            f"The share of searches that found nothing, for the {DRAWN} languages with most of them. A jump: a filter, or documents that are gone."
            + FEW,
            target(by_language(sql.answered("zero_results"), sql.answered("zero_results") + " DESC"), series=True),
            unit="percentunit",
            label=OF_LANGUAGE,
            min=0,
        ),
        lines(
            "Errors",
            f"The share of searches that failed, for the {DRAWN} languages with most of them. They are in no other rate." + FEW,
            target(by_language(sql.share("errors", "events"), sql.share("errors", "events") + " DESC"), series=True),
            unit="percentunit",
            label=OF_LANGUAGE,
            min=0,
        ),
    ],
    [
        lines(
            "Queries by language",
            f"Searches that were seen in each step, for the {DRAWN} largest languages. A language that vanishes here was lost before the search."
            + FEW,
            target(by_language("sum(events)", "sum(events) DESC"), series=True),
            unit="short",
            label=OF_LANGUAGE,
            min=0,
        ),
        lines(
            "Mean best score by language",
            f"For the {DRAWN} largest languages, drawn where all scores of a step are of one model and kind: choose a model above if it "
            "is empty. It falls before labels come; levels of two languages are not comparable, changes are." + FEW,
            target(
                by_language(
                    f"if(uniqExactIf((embedding_model, score_kind), scored > 0) = 1, {sql.mean('score_sum', 'scored')}, NULL)",
                    "sum(events) DESC",
                ),
                series=True,
            ),
            unit="none",
            label=OF_LANGUAGE,
        ),
    ],
]


def made() -> Json:
    """The dashboard."""
    return dashboard(
        "babelwatch-overview",
        "babelwatch: languages",
        "Retrieval by language: the table first, averages never alone.",
        [STATS, [PANEL_LANGUAGES], [STANDING], *CHARTS],
        variables=[SOURCE, *FILTERS, HIT_THRESHOLD],
        annotations=[DEPLOYMENTS, INCIDENTS],
    )
