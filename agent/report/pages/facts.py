"""What whoever comes from a message wants to know of an incident first: since when, against what, which version, is it real. Pure."""

from collections.abc import Iterator

from agent.alerting.incident import Incident
from agent.notify import page, words
from agent.report.explain import BASELINES
from agent.report.pages import decision, shown
from agent.report.pages.known import Fact


def facts(incident: Incident) -> list[Fact]:
    """In the order of the questions; what the incident does not know is left out. As a log may have named things: escape them."""
    found = {
        "Since": page.since(incident) or shown.when(incident.fired_at),
        "Against what": _against(incident),
        "Which version": _version(incident),
        "Is it real": _real(incident),
        "Probable cause": words.CAUSES[incident.cause] or "not known",
        "What to do": words.advice(incident),
        "Who is on it": _handled(incident),
    }
    return [Fact(name, told) for name, told in found.items() if told]


def _against(incident: Incident) -> str:
    """`81.2 % when it was found, usually 89.4 %: a fall of 8.2 points (95 % interval 4.0 to 10.7), against the same hours of the days before`."""
    found, usual = (_level(incident, value) for value in (incident.current, incident.baseline))
    told = f"{found} when it was found, usually {usual}" if found and usual else ""
    workings = next((one.workings for one in incident.evidence if one.workings), None)
    basis = f", against {BASELINES[workings.baseline]}" if workings else ""
    return f"{told}{_fall(incident)}{basis}".removeprefix(": ").removeprefix(", ")


def _level(incident: Incident, value: float | None) -> str:
    if value is None:
        return ""
    if incident.class_ == "volume":
        return f"{shown.count(value)} queries"
    return decision.value(incident.metric, value)


def _fall(incident: Incident) -> str:
    if incident.drop is None or incident.class_ != "change":
        return ""
    interval = f" (95 % interval {decision.interval(incident.metric, incident.ci95)})" if incident.ci95 else ""
    return f": a fall of {decision.fall(incident.metric, incident.drop)}{interval}"


def _version(incident: Incident) -> str:
    named = {
        "index version": incident.index_version,
        "embedding model": incident.embedding_model,
        "collection": incident.collection,
    }
    return ", ".join(f"{name} {value}" for name, value in named.items() if value)


def _real(incident: Incident) -> str:
    """What confirms it, and what it rests on."""
    signal = words.SIGNALS[incident.confirmed] if incident.class_ in words.JUDGES_QUALITY else ""
    return "; ".join(filter(None, (signal, *_rests(incident))))


def _rests(incident: Incident) -> Iterator[str]:
    if incident.n is not None:
        before = "" if incident.n_baseline is None else f" compared with {shown.count(incident.n_baseline)}"
        yield f"on {shown.count(incident.n)} queries{before}"
    if incident.z is not None:
        yield f"{incident.z:.1f} standard errors"
    if seen := list(dict.fromkeys(words.measure(one.metric) for one in incident.evidence if one.drop > 0)):
        yield f"seen in {', '.join(seen)}"


def _handled(incident: Incident) -> str:
    if incident.acknowledged_at is None:
        return "nobody has acknowledged it"
    by = f" by {incident.handled_by}" if incident.handled_by else ""
    return f"acknowledged {shown.when(incident.acknowledged_at)}{by}"
