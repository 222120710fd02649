"""When which advice is due, and what it says: one visible table, ordered by how much each row unlocks.

A row is asked of every origin it is about, so a log of two instrumentations is told apart.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from agent.alerting.summary import percent
from agent.doctor.asked import (
    CLIENTS,
    WHOLE,
    Asked,
    or_embedder,
    set_document_language,
    set_field,
    set_ids,
    set_kind,
    set_query,
    set_results,
    set_scores,
    without,
)
from agent.doctor.fields import NATIVE
from agent.doctor.rules import LOW_KINDS

SCORED: Final = ("hit_rate", "similarity_mean", "rules drop and low")


class Row(NamedTuple):
    """When an advice is due, and what it says. `dialects`: of whom it is asked, empty for all."""

    reason: str
    unlocks: tuple[str, ...]
    due: Callable[[Asked], bool]
    text: Callable[[Asked], str]
    dialects: tuple[str, ...] = ()


def _no_content(asked: Asked) -> bool:
    return asked.has_none("query") and asked.has_none("results") and not asked.part.marks.get("redacted")


def _query_apart(asked: Asked) -> bool:
    """What was found is there, and what was asked is not."""
    return (
        asked.lacks("query")
        and asked.lacks("query_language")
        and asked.part.share("results") > 0
        and not asked.part.marks.get("redacted")
    )


def _hidden(asked: Asked) -> bool:
    """Something was replaced, and is missed."""
    missed = (asked.lacks("query") and asked.lacks("query_language")) or asked.lacks("results") or asked.lacks("results.doc_id")
    return asked.part.marks.get("redacted", 0) > 0 and missed


ROWS: Final[tuple[Row, ...]] = (
    Row(
        "content_off",
        ("languages", "zero_result_rate", "pairs", "every rule"),
        _no_content,
        lambda _: (
            "The spans say that a search took place, and neither what was asked nor what was found: set "
            "`OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY` (or `SPAN_AND_EVENT`) for the service, and "
            "`OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental` where its release asks for it."
        ),
        dialects=("genai",),
    ),
    Row(
        "redacted",
        ("languages", "pairs", "every rule"),
        _hidden,
        lambda asked: (
            f"{asked.part.marks['redacted']} of {asked.part.events} events are redacted (`__REDACTED__`): set "
            "`OPENINFERENCE_HIDE_INPUTS=false` and `OPENINFERENCE_HIDE_OUTPUTS=false` for the service, or "
            "`TraceConfig(hide_inputs=False, hide_outputs=False)` in its code, which wins. "
            "Where texts must not leave it, set the language alone: the attribute `babelwatch.query_language` on the retriever's span."
        ),
        dialects=("openinference",),
    ),
    Row(
        "redacted",
        ("languages", "every rule"),
        lambda asked: asked.part.marks.get("redacted", 0) > 0 and asked.lacks("query_language"),
        lambda asked: (
            f"{asked.part.marks['redacted']} of {asked.part.events} queries are redacted, and no language is guessed: "
            f"{'log `query_language`' if asked.origin.dialect == NATIVE else 'set the attribute `babelwatch.query_language` on the span'}, "
            "told by the service before it redacts."
        ),
        dialects=(NATIVE, "genai", "openllmetry"),
    ),
    Row(
        "trace_content_off",
        ("languages", "zero_result_rate", "pairs", "every rule"),
        lambda asked: _no_content(asked) and asked.origin.framework not in CLIENTS,
        lambda _: (
            "The spans have neither input nor output: `TRACELOOP_TRACE_CONTENT` is false for the service; set `TRACELOOP_TRACE_CONTENT=true`."
        ),
        dialects=("openllmetry",),
    ),
    Row(
        "attributes_cut",
        ("the results of every search",),
        lambda asked: (
            asked.part.marks.get("cut", 0) > 0 or (asked.lacks("results") and asked.seen.spans.get("unreadable_content", 0) > 0)
        ),
        lambda _: (
            "Attributes are cut, and what is cut cannot be read: raise or unset `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`, "
            "`OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT` and `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT` (128 by default; OpenInference takes "
            "four for each document: 4 × `top_k` + 20) for the service, and the limits of the Collector's processors."
        ),
        dialects=("genai", "openinference", "openllmetry"),
    ),
    Row(
        "query_absent",
        ("languages", "every rule"),
        _query_apart,
        set_query,
    ),
    Row(
        "results_absent",
        ("zero_result_rate", "hit_rate", "pairs"),
        lambda asked: asked.has_none("results") and asked.part.share("query") > 0 and not asked.part.marks.get("redacted"),
        lambda asked: f"The events say what was asked and not what was found: {set_results(asked)}.",
    ),
    Row(
        "scores_missing",
        SCORED,
        lambda asked: asked.lacks("results.score"),
        lambda asked: f"{without(asked, 'results.score')} a score: {set_scores(asked)}.",
    ),
    Row(
        "score_is_distance",
        ("hit_rate", "similarity_mean", "rule low"),
        lambda asked: asked.part.kinds.get("distance", 0) > 0,
        lambda _: (
            "The scores are distances, which are watched by no rule on scores: log a similarity instead (1 − distance for cosine distance), "
            "best first, with `score_kind` cosine."
        ),
    ),
    Row(
        "score_kind_unknown",
        ("the scale of similarity_mean", "rule low"),
        lambda asked: asked.lacks("score_kind") and asked.part.kinds.get("unknown", 0) > 0,
        lambda asked: f"The scale of the scores is not told, so they are taken for similarities: {set_kind(asked)}.",
    ),
    Row(
        "only_errors",
        ("what they would find",),
        lambda asked: not asked.part.answered,
        lambda asked: (
            f"All of the {asked.part.events} searches that were looked at are errors, so what they find is not known: repair the search, or look "
            "at more messages (`-n`)."
        ),
    ),
    Row(
        "no_floor",
        ("rule low",),
        lambda asked: not asked.known.floor and any(asked.part.kinds.get(kind) for kind in LOW_KINDS),
        lambda _: (
            "The rule `low` needs to know how unrelated texts score: `babelwatch probe run` measures it on your embedding model, "
            "or set `quality.similarity.floor`."
        ),
    ),
    Row(
        "ids_missing",
        ("recall_at_k with labels", "source.document_language.pattern"),
        lambda asked: asked.lacks("results.doc_id"),
        lambda asked: f"{without(asked, 'results.doc_id')} an id for each document: {set_ids(asked)}.",
    ),
    Row(
        "no_versions",
        ("deployments", "rule drop against the version before"),
        lambda asked: asked.has_none("embedding_model") and asked.has_none("index_version"),
        lambda asked: (
            f"No deployment can be noticed: {set_field(asked, 'index_version', '2026-11')}, the same for `embedding_model`; or post each "
            "deployment (`babelwatch changes add`)."
        ),
    ),
    Row(
        "no_index_version",
        ("deployments of an index",),
        lambda asked: asked.has_none("index_version") and asked.part.share("embedding_model") > 0,
        lambda asked: f"A new index is not noticed: {set_field(asked, 'index_version', '2026-11')}.",
    ),
    Row(
        "release_as_index_version",
        ("deployments of an index",),
        lambda asked: asked.part.marks.get("release", 0) > 0,
        lambda asked: (
            "`service.version` is taken for the index version: a release of the service is a deployment, a new index is not. Where the index "
            f"has a version of its own, {set_field(asked, 'index_version', '2026-11')}."
        ),
    ),
    Row(
        "no_embedding_model",
        ("deployments of a model", "scores told apart by model"),
        lambda asked: asked.has_none("embedding_model") and asked.part.share("index_version") > 0,
        lambda asked: (
            f"Scores of two models are not told apart, and a new model is not noticed: {set_field(asked, 'embedding_model', 'e5-small')}"
            f"{or_embedder(asked)}."
        ),
    ),
    Row(
        "no_labels",
        ("recall_at_k", "mrr_at_k", "ndcg_at_k", "rule gap"),
        lambda asked: asked.origin.dialect == NATIVE and asked.has_none("relevant"),
        lambda _: (
            "No event is labelled, so quality is known by proxies only: send `relevant` where clicks or judgements tell it, or ask a labelled "
            "set regularly (`babelwatch golden run`), which confirms what the scores say."
        ),
    ),
    Row(
        "labels_too_shallow",
        ("recall_at_k", "mrr_at_k", "ndcg_at_k"),
        lambda asked: asked.part.share("relevant") > 0 and not asked.part.deep,
        lambda asked: (
            f"Labelled searches are less than {asked.k} deep: search deeper for them (`top_k`), or set `quality.k` to the depth they have."
        ),
    ),
    Row(
        "no_document_language",
        ("pairs",),
        lambda asked: asked.part.found > 0 and asked.part.pairs < WHOLE * asked.part.found,
        lambda asked: (
            f"{percent(1 - asked.part.pairs / asked.part.found)} of the searches do not tell the language of their first document: "
            f"{set_document_language(asked)}."
        ),
    ),
    Row(
        "no_collection",
        ("rows by collection", "deployments told apart by collection"),
        lambda asked: asked.has_none("collection"),
        lambda asked: f"Indexes are not told apart: {set_field(asked, 'collection', 'help-centre')}.",
    ),
    Row(
        "no_service",
        ("rows by service", "separate incidents"),
        lambda asked: asked.has_none("service"),
        lambda asked: (
            f"Services are not told apart: {'log `service` with each event' if asked.origin.dialect == NATIVE else 'set `OTEL_SERVICE_NAME` for each'}."
        ),
    ),
    Row(
        "sampled_without_rate",
        ("volumes", "rule vanished"),
        lambda asked: asked.part.marks.get("sampled", 0) > 0,
        lambda asked: (
            f"{asked.part.marks['sampled']} events were chosen by a tail sampler and do not say at what rate: volumes are too small, and where "
            "it prefers errors and slow traces all rates are wrong. Send spans of retrievals past the sampler, or, where it is "
            "purely probabilistic, set `OTEL_RESOURCE_ATTRIBUTES=babelwatch.sample_rate=0.1` (or whatever it keeps)."
        ),
    ),
)
"""Of one origin, the most useful first."""
