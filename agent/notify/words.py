"""The words of a message: what each value of an incident is called, and what to do about each cause."""

from collections.abc import Mapping
from typing import Final

from agent.alerting.incident import Cause, Confirmed, IncidentClass
from agent.language.codes import display_name

TITLES: Final[Mapping[IncidentClass, str]] = {
    "change": "retrieval got worse",
    "level": "retrieval is low",
    "volume": "traffic vanished",
    "monitor": "babelwatch cannot see",
}
SIGNALS: Final[Mapping[Confirmed, str]] = {
    "yes": "confirmed",
    "no": "not confirmed",
    "unconfirmed": "score signal, unconfirmed",
}
CAUSES: Final[Mapping[Cause, str | None]] = {
    "fleet": "something that all languages share",
    "ingest": "the ingest of documents",
    "deployment": "a deployment",
    "tagging": "language tagging: queries of another language were taken for this one",
    "cross_lingual": "cross-lingual retrieval only; same-language queries are fine",
    "translation": "the translation of queries",
    "fallback": "queries moved to the fallback route",
    "low_resource": "low-resource language: weak from the start",
    "unknown": None,
}
ADVICE: Final[Mapping[Cause, str]] = {
    "fleet": "Look at what all languages share: the search service, the index, the embedding endpoint.",
    "ingest": "Check whether documents are missing or were indexed incompletely.",
    "deployment": "Compare index version {index_version} with the one before it, or roll it back.",
    "tagging": "Check how the service declares query languages; retrieval itself may be unchanged.",
    "cross_lingual": "Check that documents of the other languages are still reachable from these queries.",
    "translation": "Check the translation engine: its version, its quality scores, its errors.",
    "fallback": "Find out why queries take the fallback route instead of their usual one.",
    "low_resource": "Use a language-specific index, query translation or a multilingual model.",
    "unknown": "Open the example queries and compare their results with those of a good day.",
}
ADVICE_WITHOUT_VERSION: Final = "Compare the last deployment with the one before it, or roll it back."
ADVICE_BLIND: Final = "Let the log keep records longer than babelwatch can be away or behind, and find out why it was."
ALL_LANGUAGES: Final = "*"
JUDGES_QUALITY: Final[frozenset[IncidentClass]] = frozenset({"change", "level"})
"""The classes where a signal can be confirmed; that traffic vanished is no signal but a fact."""


def language_name(tag: str) -> str:
    """`Korean (ko)`; a tag that has no English name stays as it is."""
    if tag == ALL_LANGUAGES:
        return "all languages"
    name = display_name(tag)
    return tag if name == tag else f"{name} ({tag})"


def advice(class_: IncidentClass, cause: Cause, index_version: str | None) -> str:
    """What to do next."""
    if class_ == "monitor":
        return ADVICE_BLIND
    if cause == "deployment" and not index_version:
        return ADVICE_WITHOUT_VERSION
    return ADVICE[cause].replace("{index_version}", index_version or "")
