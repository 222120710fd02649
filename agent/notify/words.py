"""The words of a message: what each value of an incident is called."""

from collections.abc import Mapping
from typing import Final

from agent.alerting.incident import ALL, Cause, Confirmed, Incident, IncidentClass
from agent.alerting.triage import advice as triage
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
    "ingest": "what feeds the log and the index",
    "deployment": "a deployment",
    "tagging": "language tagging: queries of another language were taken for this one",
    "cross_lingual": "cross-lingual retrieval only; same-language queries are fine",
    "translation": "the translation of queries",
    "fallback": "queries moved to the fallback route",
    "low_resource": "low-resource language: weak from the start",
    "unknown": None,
}
ADVICE_BLIND: Final = "Let the log keep records longer than babelwatch can be away or behind, and find out why it was."
JUDGES_QUALITY: Final[frozenset[IncidentClass]] = frozenset({"change", "level"})
"""The classes where a signal can be confirmed; that traffic vanished is no signal but a fact."""


def language_of(incident: Incident) -> str:
    """Whom it is about; a level of several languages is their first look."""
    return "several languages" if incident.class_ == "level" and incident.language == ALL else language_name(incident.language)


def language_name(tag: str) -> str:
    """`Korean (ko)`; a tag that has no English name stays as it is."""
    if tag == ALL:
        return "all languages"
    name = display_name(tag)
    return tag if name == tag else f"{name} ({tag})"


def advice(incident: Incident) -> str:
    """What to do next: as triage found, else by the cause alone."""
    if incident.class_ == "monitor":
        return ADVICE_BLIND
    return incident.advice or triage.advice(incident.cause, triage.version_words(incident))
