"""The words of a message: what each value of an incident is called, and its title, which has the number first."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from agent.alerting import blind
from agent.alerting.incident import ALL, Cause, Confirmed, Incident, IncidentClass
from agent.alerting.rule import Measure
from agent.alerting.triage import advice as triage
from agent.alerting.unchecked import check_of
from agent.language.codes import display_name
from agent.notify.dedup import Reason
from agent.notify.text import one_line, signed
from agent.notify.trouble import receiver_of

Escape = Callable[[str], str]

TITLES: Final[Mapping[IncidentClass, str]] = {
    "change": "retrieval got worse",
    "level": "retrieval is low",
    "volume": "traffic vanished",
    "monitor": "babelwatch cannot see",
}
MEASURES: Final[Mapping[Measure, str]] = {
    "recall_at_k": "recall",
    "hit_rate": "hit rate",
    "similarity_mean": "mean best score",
    "has_results": "queries with results",
    "und": "queries whose language is known",
    "mixed": "queries in one language only",
    "fallback": "queries without fallback",
    "other_language": "answers in the query's language",
    "low_translation": "translation quality",
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
MOST_NAMED: Final = 3


def language_of(incident: Incident) -> str:
    """Whom it is about; a level of several languages is their first look."""
    return "several languages" if incident.class_ == "level" and incident.language == ALL else language_name(incident.language)


def language_name(tag: str) -> str:
    """`Korean (ko)`; a tag that has no English name stays as it is."""
    name = plain_name(tag)
    return name if tag in {name, ALL} else f"{name} ({tag})"


def plain_name(tag: str) -> str:
    """`Korean`; `all languages` for what is about all."""
    return "all languages" if tag == ALL else display_name(tag)


def advice(incident: Incident) -> str:
    """What to do next: as triage found, else by the cause alone."""
    if incident.advice:
        return incident.advice
    return ADVICE_BLIND if incident.class_ == "monitor" else triage.advice(incident.cause, triage.version_words(incident))


def points(drop: float) -> str:
    """A fall of .049 as `−4.9`, a rise as `+4.9`."""
    return signed(-100 * drop)


def measure(name: str) -> str:
    """What people call a measure; a name that is none stays as it is."""
    return next((words for known, words in MEASURES.items() if known == name), name)


def lead(incident: Incident, reason: Reason) -> str:
    """The first word of a title: how loud, or what became of it."""
    if incident.state == "resolved":
        return "Resolved"
    if reason is Reason.WEIGHED:
        return SIGNALS[incident.confirmed].capitalize()
    again = {Reason.ESCALATED: "Now ", Reason.REPEAT_DUE: "Still "}.get(reason, "")
    return f"{again}{incident.severity}".capitalize()


def subject(incidents: Sequence[Incident], escape: Escape) -> str:
    """What it is about, the number first, and where; the loudest incident leads."""
    places = shared(one.service for one in incidents), shared(one.environment for one in incidents)
    return " · ".join([what(incidents, escape), *(escape(one_line(name)) for name in places if name)])


def what(incidents: Sequence[Incident], escape: Escape) -> str:
    """What it is about, the number first."""
    return _one(incidents[0], escape) if len(incidents) == 1 else _several(incidents, escape)


def shared(values: Iterable[str | None]) -> str | None:
    """The one value of all, None where they differ."""
    known = {*values}
    return known.pop() if len(known) == 1 else None


def _one(incident: Incident, escape: Escape) -> str:
    if incident.class_ == "monitor":
        return _own(incident)
    language = escape(one_line(language_of(incident)))
    if incident.state == "resolved":
        return f"{_measured(incident) if incident.class_ != 'volume' else 'traffic'} in {language}"
    return f"{_number(incident)} in {language}"


def _number(incident: Incident) -> str:
    if incident.class_ == "change" and incident.drop is not None:
        return f"{points(incident.drop)} points of {_measured(incident)}"
    if incident.class_ == "level" and incident.metric == "recall_at_k" and incident.drop is not None:
        return f"{points(incident.drop)} points of recall below the others"
    if incident.class_ == "level" and incident.current is not None and incident.language != ALL:
        return f"{incident.current:.2f} as best score, retrieval is low"
    if incident.class_ == "volume" and incident.n is not None and incident.n_baseline is not None:
        return f"{incident.n:,} queries instead of {incident.n_baseline:,}"
    return TITLES[incident.class_]


def _measured(incident: Incident) -> str:
    return next((words for name, words in MEASURES.items() if name == incident.metric), "retrieval")


def _own(incident: Incident) -> str:
    """What the agent says of itself."""
    if receiver := receiver_of(incident):
        return f"the receiver “{receiver}”" if incident.state == "resolved" else f"the receiver “{receiver}” cannot be told"
    if check := check_of(incident):
        return f"the {check} runs again" if incident.state == "resolved" else f"the {check} did not run"
    if incident.fingerprint == blind.FINGERPRINT:
        return "babelwatch sees again" if incident.state == "resolved" else TITLES["monitor"]
    return "found while catching up" if incident.severity == "info" else "records were lost before they were read"


def _several(incidents: Sequence[Incident], escape: Escape) -> str:
    """`12 languages: retrieval got worse, most in Korean (ko), −9.1 points`."""
    firing = [one for one in incidents if one.state == "firing"]
    over = len(incidents) - len(firing)
    end = f"; {over} more {'is' if over == 1 else 'are'} over" if firing and over else ""
    return f"{_together(firing or incidents, escape)}{end}"


def _together(incidents: Sequence[Incident], escape: Escape) -> str:
    """Those that fire, or that are over: of one class in one breath, else the loudest by name."""
    first = incidents[0]
    if len(incidents) == 1:
        return _one(first, escape)
    if first.class_ == "monitor" or shared(one.class_ for one in incidents) is None:
        return f"{len(incidents)} incidents, first {_one(first, escape)}"
    if first.state == "resolved":
        return f"{_count(incidents)}: {_names(incidents, escape)}"
    worst = max(incidents, key=lambda one: one.drop or 0.0)
    most = f", most in {escape(one_line(language_of(worst)))}, {points(worst.drop)} points" if worst.drop else ""
    return f"{_count(incidents)}: {TITLES[first.class_]}{most or ': ' + _names(incidents, escape)}"


def _count(incidents: Sequence[Incident]) -> str:
    languages = {one.language for one in incidents}
    return f"{len(incidents)} {'languages' if len(languages) == len(incidents) and ALL not in languages else 'incidents'}"


def _names(incidents: Sequence[Incident], escape: Escape) -> str:
    named = ", ".join(escape(one_line(language_of(one))) for one in incidents[:MOST_NAMED])
    return f"{named} and {len(incidents) - MOST_NAMED} more" if len(incidents) > MOST_NAMED else named
