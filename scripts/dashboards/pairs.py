"""Languages of queries against languages of documents."""

from typing import Final

from scripts.dashboards import sql
from scripts.dashboards.grafana import Json, choice, column, dashboard, table
from scripts.dashboards.grafana import sql as target
from scripts.dashboards.parts import FIGURES, FILTERS, HIT_THRESHOLD, LANGUAGE_LINK, READ_THE_TABLE, SOURCE

PAIR: Final = ("language", "document_language")
LANGUAGES: Final = (
    choice("language", "Query language", sql.values_of("language", "pair_windows"), "Of the queries"),
    choice("document_language", "Document language", sql.values_of("document_language", "pair_windows"), "Of the documents"),
)
FIGURES_OF_PAIRS: Final = f"""
SELECT {", ".join(PAIR)}, {sql.FIGURES}
FROM (
  {sql.figures(PAIR, "pair_windows", *map(sql.chosen, PAIR))}
)
ORDER BY events DESC LIMIT 2000"""


def cells(value: str, least: str) -> str:
    """A value for each pair with enough to say something."""
    return f"""
SELECT language, document_language, {value} AS value
FROM pair_windows
WHERE {sql.where(*map(sql.chosen, PAIR))}
GROUP BY language, document_language HAVING sum({least}) >= {sql.LEAST} ORDER BY language, document_language"""


def matrix(title: str, says: str, text: str, unit: str) -> Json:
    """A heat map with its numbers: a row for each language of queries, a column for each of documents."""
    made = table(
        title,
        f"{says} Rows are languages of queries, columns those of documents. Pairs with fewer than {sql.LEAST} are empty; the table below has all, with intervals.",
        target(text),
        size=(12, 12),
        transformations=[
            {
                "id": "groupingToMatrix",
                "options": {
                    "columnField": "document_language",
                    "rowField": "language",
                    "valueField": "value",
                    "emptyValue": "null",
                },
            }
        ],
    )
    made["fieldConfig"]["defaults"] |= {
        "unit": unit,
        "decimals": 1 if unit == "percentunit" else 3,
        "color": {"mode": "continuous-blues"},
        "custom": {"align": "center", "cellOptions": {"type": "color-background", "mode": "basic"}},
    }
    made["fieldConfig"]["overrides"] = [
        {
            "matcher": {"id": "byType", "options": "string"},
            "properties": [{"id": "custom.cellOptions", "value": {"type": "auto"}}],
        }
    ]
    return made


RECALL: Final = matrix(
    "Recall by pair",
    "How often a relevant document is found, by the language it is in. A pale row is a language that searches badly everywhere, a pale "
    "column one that is badly indexed, a pale cell off the diagonal a pair the model does not connect.",
    cells(sql.mean("recall_sum", "labelled"), "labelled"),
    "percentunit",
)
SCORES: Final = matrix(
    "Mean best score by pair",
    "Needs no labels. Empty where scores of several models or kinds come together: choose one model above. Across languages scores "
    "are lower as such: compare a pair with itself over time, or with `babelwatch probe run`.",
    cells(f"if(uniqExactIf((embedding_model, score_kind), scored > 0) = 1, {sql.mean('score_sum', 'scored')}, NULL)", "scored"),
    "none",
)
PAIRS: Final = table(
    "Pairs",
    f"Every pair, the largest first. {READ_THE_TABLE} Searches whose documents have no known language are not in it.",
    target(FIGURES_OF_PAIRS),
    column("language", links=[LANGUAGE_LINK]),
    column("events", unit="short"),
    column("labels", unit="short"),
    *FIGURES,
    size=(24, 14),
)


def made() -> Json:
    """The dashboard."""
    return dashboard(
        "babelwatch-pairs",
        "babelwatch: pairs of languages",
        "Which language of queries finds documents in which language.",
        [[RECALL, SCORES], [PAIRS]],
        variables=[SOURCE, *LANGUAGES, *FILTERS, HIT_THRESHOLD],
    )
