"""Which measures this log gives, and why: one row a measure, decided from what was seen."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from agent.alerting.measures import HIGHER_IS_BETTER, MEAN_KINDS
from agent.alerting.summary import percent
from agent.doctor.examined import Examined, undetermined
from agent.doctor.fields import Part


class Verdict(NamedTuple):
    """Whether a measure can be computed, and why. `proxy`: it stands in for quality, and does not measure it."""

    computable: bool
    reason: str
    proxy: bool = False


def there(reason: str, *, proxy: bool = False) -> Verdict:
    """It can be computed."""
    return Verdict(True, reason, proxy)  # noqa: FBT003  the field's name is beside it


def away(reason: str) -> Verdict:
    """It cannot."""
    return Verdict(False, reason)  # noqa: FBT003  the field's name is beside it


Decide = Callable[[Examined], Verdict]

PROXY: Final = "only a proxy: a fall of it is told as “score signal, unconfirmed”"


def most(part: Part, field: str, of: str) -> str:
    """How many have the field; `of`: what could have it, in the plural."""
    share = part.share(field)
    return f"{'all' if share == 1 else percent(share) + ' of the'} {of}"


def _field(field: str, given: str, needs: str, of: str = "events") -> Decide:
    """A measure that needs one field."""

    def decide(seen: Examined) -> Verdict:
        if not seen.whole.share(field):
            return away(f"no event has {needs}")
        return there(f"{most(seen.whole, field, of)} have {given}")

    return decide


def _languages(seen: Examined) -> Verdict:
    part = seen.whole
    if not part.share("query") and not part.share("query_language"):
        return away("no event has a query or a query_language: all are counted as und")
    told = 1 - undetermined(seen)
    if not told:
        return away("no query tells its language, and none is declared: all are counted as und")
    own = f", {percent(part.share('query_language'))} declare it" if part.share("query_language") else ""
    return there(f"{len(_known(seen))} languages, known for {percent(told)} of the events{own}")


def _known(seen: Examined) -> set[str]:
    return set(seen.languages) - {"und"}


def _zero_results(seen: Examined) -> Verdict:
    part = seen.whole
    if part.share("results"):
        return there(f"{most(part, 'results', 'searches')} say what they found")
    return away("no event says what was found" if part.answered else "every event is an error: those have no results")


def _scored(seen: Examined) -> int:
    return seen.whole.base("score_kind")


def _hit_rate(seen: Examined) -> Verdict:
    part, scored = seen.whole, _scored(seen)
    if not scored:
        return away("no document has a score")
    if not any(part.kinds.get(kind) for kind in HIGHER_IS_BETTER):
        return away("the scores are distances, which have no hit threshold")
    return there(f"{most(part, 'results.score', 'searches that found something')} have scores; {_basis(part)}", proxy=True)


def _basis(part: Part) -> str:
    if part.share("relevant"):
        return "a proxy, checked by the labels that are there"
    return PROXY


def _similarity(seen: Examined) -> Verdict:
    part, scored = seen.whole, _scored(seen)
    if not scored:
        return away("no document has a score")
    usable = sum(part.kinds.get(kind, 0) for kind in MEAN_KINDS)
    if not usable:
        return away(f"the scores are {_named(part)}: their mean says nothing")
    unknown = "; their scale is unknown, and taken for a similarity" if part.kinds.get("unknown") else ""
    return there(f"{percent(usable / scored)} of the scores can be averaged{unknown}; {_basis(part)}", proxy=True)


def _named(part: Part) -> str:
    return " and ".join(sorted(kind for kind, count in part.kinds.items() if count))


def _labelled(seen: Examined) -> Verdict:
    part = seen.whole
    if not part.share("relevant"):
        return away("no event says which documents are relevant: quality is known by proxies only")
    if not part.deep:
        return away("labelled events were not searched as deep as quality.k: their top_k is smaller")
    return there(f"{part.deep} of {part.fields['relevant']} labelled events are searched deep enough")


def _pairs(seen: Examined) -> Verdict:
    part = seen.whole
    if not part.found:
        return away("no event has documents")
    if not part.pairs:
        return away("no document has a language, and source.document_language tells none")
    return there(f"the language of the first document is known in {percent(part.pairs / part.found)} of the searches")


def _deployments(seen: Examined) -> Verdict:
    part = seen.whole
    fields = [name for name in ("embedding_model", "index_version") if part.share(name)]
    if not fields:
        return away("neither embedding_model nor index_version: no deployment is noticed, falls are found against days before")
    release = "; the index_version is the release of the service" if part.marks.get("release") else ""
    both = " and ".join(f"{name} in {percent(part.share(name))}" for name in fields)
    return there(f"{both} of the events, {len(seen.versions)} seen{release}")


MEASURES: Final[Mapping[str, Decide]] = {
    "languages": _languages,
    "recall_at_k": _labelled,
    "mrr_at_k": _labelled,
    "ndcg_at_k": _labelled,
    "hit_rate": _hit_rate,
    "similarity_mean": _similarity,
    "zero_result_rate": _zero_results,
    "error_rate": lambda seen: Verdict(
        bool(seen.whole.events),
        f"{percent(seen.whole.share('error'))} of the events are errors" if seen.whole.events else "no event",
    ),
    "latency": _field("latency_ms", "a latency", "latency_ms"),
    "pairs": _pairs,
    "deployments": _deployments,
    "routes": _field("route", "a route", "route"),
    "translation": _field("translation", "a translation with its quality", "translation.quality"),
    "response_language": _field("response_language", "an answer or its language", "response_language, nor the text of an answer"),
    "sessions": _field("session", "a session", "session"),
}
"""The names are those of the tables and of the log's fields."""


def measures(seen: Examined) -> dict[str, Verdict]:
    """Every measure, whether it is there and why."""
    if not seen.whole.events:
        return dict.fromkeys(MEASURES, away("no retrieval could be read"))
    return {name: decide(seen) for name, decide in MEASURES.items()}
