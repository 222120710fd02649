"""What stands on a service's first day is told as one message: low before anyone looked, it is one piece of news.

Each of these stays an incident of its own, which pages and reports show. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from agent.alerting.incident import ALL, Incident, fingerprint
from agent.alerting.minutes import DAY, minute_at, start_of
from agent.alerting.summary import RARE, percent, points
from agent.alerting.triage.grouping import Place, place_of
from agent.language.codes import display_name

MOST_NAMED: Final = 10

Begins = Mapping[Place, int]
"""The first minute with queries of each service and environment."""


def is_part(incident: Incident, begins: Begins) -> bool:
    """Whether it stands since the first day and is as quiet as a level is by itself."""
    place = place_of(incident)
    quiet = incident.class_ == "level" and incident.severity == "info"
    return quiet and incident.fired_at is not None and place in begins and minute_at(incident.fired_at) <= begins[place] + DAY


def first_looks(incidents: Iterable[Incident], begins: Begins) -> list[Incident]:
    """One message for each of these services, of what still stands since its first day."""
    standing: dict[Place, list[Incident]] = {}
    for one in incidents:
        if one.state == "firing" and is_part(one, begins):
            standing.setdefault(place_of(one), []).append(one)
    return [_first_look(place, parts, begins[place]) for place, parts in sorted(standing.items())]


def _first_look(place: Place, parts: Sequence[Incident], since: int) -> Incident:
    """What stands as one incident, which never ends: it is a piece of news."""
    return Incident(
        fingerprint=fingerprint(*place, ALL, "level"),
        class_="level",
        state="firing",
        severity="info",
        cause="low_resource",
        confirmed="yes" if all(one.confirmed == "yes" for one in parts) else "unconfirmed",
        language=parts[0].language if len(parts) == 1 else ALL,
        service=place.service,
        environment=place.environment,
        began_at=start_of(since),
        fired_at=max(one.fired_at for one in parts if one.fired_at),
        summary=_text(sorted(parts, key=lambda one: (-(one.drop or 0.0), one.language))),
    )


def _text(worst: Sequence[Incident]) -> str:
    if len(worst) == 1:
        return f"First look: {worst[0].summary}"
    lines = [_line(one) for one in worst[:MOST_NAMED]]
    more = [f"and {len(worst) - MOST_NAMED} more"] if len(worst) > MOST_NAMED else []
    return f"First look: {len(worst)} languages stand low since the first day. {'; '.join([*lines, *more])}. `babelwatch alerts` shows each."


def _line(one: Incident) -> str:
    name = "Rare languages together" if one.language == RARE else f"{display_name(one.language)} ({one.language})"
    unsure = "" if one.confirmed == "yes" else ", score signal, unconfirmed"
    if one.drop is None or one.current is None or one.baseline is None:
        return f"{name} ({one.rule}{unsure})"
    if one.metric == "similarity_mean":
        return f"{name}: median best score {one.current:.2f} against {one.baseline:.2f} of the reference ({one.rule}{unsure})"
    return f"{name}: {percent(one.current)} against {percent(one.baseline)} of the reference, {points(one.drop)} points ({one.rule}{unsure})"
