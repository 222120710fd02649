"""What is not told since something larger is: a parent inhibits its children. Pure."""

from collections.abc import Callable, Iterable
from typing import Final

from agent.alerting import blind
from agent.alerting.incident import ALL, Incident

Inhibits = Callable[[Incident, Incident], bool]


def _all_languages(parent: Incident, child: Incident) -> bool:
    """What all languages of a service share is told once, and not for each of them."""
    of_one = child.language != ALL and child.class_ != "monitor"
    return of_one and parent.language == ALL and parent.class_ == child.class_ and _place(parent) == _place(child)


def _fallen(parent: Incident, child: Incident) -> bool:
    """A language that fell is low, too."""
    return (parent.class_, child.class_) == ("change", "level") and (*_place(parent), parent.language) == (
        *_place(child),
        child.language,
    )


def _blind(parent: Incident, child: Incident) -> bool:
    """An agent that does not see the log cannot know that traffic vanished."""
    return parent.fingerprint == blind.FINGERPRINT and child.class_ == "volume"


INHIBITIONS: Final[tuple[Inhibits, ...]] = (_all_languages, _fallen, _blind)


def inhibitor(child: Incident, known: Iterable[Incident]) -> Incident | None:
    """The firing incident that stands for this one; an end is never inhibited."""
    if child.state != "firing":
        return None
    firing = (one for one in known if one.state == "firing" and one is not child)
    return next((parent for parent in firing if any(inhibits(parent, child) for inhibits in INHIBITIONS)), None)


def _place(incident: Incident) -> tuple[str, str]:
    return incident.service, incident.environment
