"""Which receivers get an incident: the first route that matches, and the next ones where it says `continue`.

Routing is per incident, by its own fields. No routes at all means that every receiver gets everything.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from agent.alerting.incident import Incident

LABELS: Final = ("language", "service", "environment", "severity", "class", "cause", "confirmed", "rule", "metric")
"""What a route may match on; the settings refuse others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One row of `notify.routes`; all its conditions must hold, and a route without any matches everything."""

    receivers: tuple[str, ...]
    match: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    match_re: Mapping[str, str] = field(default_factory=dict)
    not_: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    continue_: bool = False


def receivers_of(incident: Incident, routes: Sequence[Route], every: Sequence[str]) -> tuple[str, ...]:
    """The names of those who are to be told, each once, in the order of the routes."""
    if not routes:
        return tuple(every)
    return tuple(dict.fromkeys(name for route in _taken(incident, routes) for name in route.receivers))


def _taken(incident: Incident, routes: Sequence[Route]) -> Iterator[Route]:
    for route in routes:
        if matches(route, incident):
            yield route
            if not route.continue_:
                return


def matches(route: Route, incident: Incident) -> bool:
    """Whether all conditions of the route hold; a field that the incident lacks is an empty string."""
    return (
        all(label_of(incident, name) in values for name, values in route.match.items())
        and all(re.fullmatch(pattern, label_of(incident, name)) for name, pattern in route.match_re.items())
        and not any(label_of(incident, name) in values for name, values in route.not_.items())
    )


def label_of(incident: Incident, name: str) -> str:
    """A label of an incident: a field of its own, or one that its rule gives; an empty string where it has none."""
    if name not in LABELS:
        return incident.labels.get(name, "")
    value = getattr(incident, "class_" if name == "class" else name)
    return "" if value is None else str(value)
