"""What to do about each cause: data, one sentence each."""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from agent.alerting.incident import Cause, Incident, IncidentClass
from agent.alerting.summary import one_line
from agent.alerting.weighing import is_weighed

ADVICE: Final[Mapping[Cause, str]] = {
    "fleet": "Look at what all languages share: the search service, the index, the embedding endpoint.",
    "ingest": "Check what feeds the log and the index: errors, missing fields, documents that are missing or indexed incompletely.",
    "deployment": "Compare {version} with the one before it, or roll it back.",
    "tagging": "Check how the service declares and normalises query languages; retrieval itself may be unchanged.",
    "cross_lingual": "Embed the documents of the other languages again with one multilingual model, or translate these queries.",
    "translation": "Check the translation engine and the normaliser before it: version, quality scores, errors.",
    "fallback": "Find out why queries take the fallback route instead of their usual one.",
    "low_resource": "Use a language-specific index, query translation or a multilingual model.",
    "unknown": "Open the example queries and compare their results with those of a good day.",
}
ROLL_BACK_FIRST: Final = "Roll back {version} first. "
SCORES_ALONE: Final[Mapping[IncidentClass, str]] = {
    "change": "Scores fell, but labelled queries find about what they found before: this is no reason to roll back."
    " Look at what changed in the scores: model, index, calibration.",
    "level": "Scores are low, but labelled queries find about as much as in the large languages."
    " Look at how its scores are made and read: model, calibration, hit threshold.",
}
"""What to do where a golden set has not confirmed what scores say, whatever their cause."""


def advice(cause: Cause, version: str = "") -> str:
    """What to do next; `version` is what was deployed, in words. One that all languages fell with is rolled back first."""
    lead = ROLL_BACK_FIRST if cause == "fleet" and version else ""
    return (lead + ADVICE[cause]).replace("{version}", version or "the last deployment")


def advised(incident: Incident) -> Incident:
    """As it is told: where labelled queries have not confirmed it, what its cause would advise does not count."""
    scores_alone = incident.confirmed == "no" and is_weighed(incident)
    return replace(incident, advice=SCORES_ALONE.get(incident.class_, incident.advice)) if scores_alone else incident


def version_words(incident: Incident) -> str:
    """The version that an incident knows: `index version v42`, or the model where that is all; empty without either."""
    index, model = one_line(incident.index_version or ""), one_line(incident.embedding_model or "")
    return f"index version {index}" if index else f"embedding model {model}" if model else ""
