"""What the dashboards over the store share: their variables, their marks, and how columns are shown."""

from typing import Any, Final

from scripts.dashboards import sql
from scripts.dashboards.grafana import CLICKHOUSE, Json, annotation, choice, chooser, column, text_box

SOURCE: Final = chooser(CLICKHOUSE, "A ClickHouse data source whose default database is the agent's")
FILTERS: Final = (
    choice("service", "Service", sql.values_of("service"), "Who searches"),
    choice("environment", "Environment", sql.values_of("environment"), "Where"),
    choice("collection", "Collection", sql.values_of("collection"), "In what"),
    choice("embedding_model", "Model", sql.values_of("embedding_model"), "With which embedding model"),
    choice("index_version", "Index version", sql.values_of("index_version"), "In which version of the index"),
)
HIT_THRESHOLD: Final = text_box(
    "hit_threshold",
    "Hit threshold (cosine)",
    "From which best score on a search counts as a hit, such as 0.35. The store holds scores and no settings: empty, hit rates "
    "are not shown. `babelwatch languages --json` says the agent's own as `hit_threshold`.",
)
DEPLOYMENTS: Final = annotation("Deployments", "blue", sql.DEPLOYMENTS)
INCIDENTS: Final = annotation("Incidents", "red", sql.incidents())

RATE: Final[Json] = {"unit": "percentunit", "decimals": 1}
STATES: Final = [
    {
        "type": "value",
        "options": {
            "firing": {"text": "firing", "color": "red", "index": 0},
            "pending": {"text": "pending", "color": "orange", "index": 1},
            "low": {"text": "low", "color": "purple", "index": 2},
            "ok": {"text": "ok", "color": "text", "index": 3},
        },
    }
]
STATE: Final = column("state", mappings=STATES, custom__cellOptions={"type": "color-text"}, custom__width=80)

_CARRIED: Final = "&".join(f"${{{name}:queryparam}}" for name in ("datasource", *sql.SEVERAL, "hit_threshold"))
LANGUAGE_LINK: Final = {
    "title": "This language",
    "url": f"/d/babelwatch-language?var-language=${{__data.fields.language:percentencode}}&{_CARRIED}&${{__url_time_range}}",
}

READ_THE_TABLE: Final = (
    "95 % intervals stand beside the rates: two languages whose intervals overlap may not differ at all. `labels` is what recall, MRR "
    "and nDCG rest on; without labels look at the mean of the best score and at hits. Mean scores are shown only within one model "
    "and kind of score; hits only once a threshold is typed above, and for cosine scores alone."
)


def rate(name: str, title: str, **more: Any) -> Json:
    """A column of rates."""
    return column(name, displayName=title, **RATE, **more)


FIGURES: Final = (
    rate("recall", "recall@k", custom__cellOptions={"type": "color-text"}),
    rate("recall_low", "from"),
    rate("recall_high", "to"),
    column("mrr", displayName="MRR@k", unit="none", decimals=3),
    column("ndcg", displayName="nDCG@k", unit="none", decimals=3),
    rate("hit_rate", "hit rate"),
    rate("hit_low", "hit from"),
    rate("hit_high", "hit to"),
    column("similarity", displayName="mean best score", unit="none", decimals=3),
    rate("no_result", "no result"),
    rate("errors", "errors"),
    column("p95_ms", displayName="p95 latency", unit="ms", decimals=0),
)
