"""What is not told since something larger is."""

from typing import Any

import pytest

from agent.alerting import blind
from agent.alerting.incident import Incident
from agent.notify.inhibit import inhibitor
from tests.notify.examples import KOREAN, incident, monitor, resolved

EVERYWHERE = incident(language="*", fingerprint="all")
BLIND = incident(class_="monitor", language="*", service="", environment="", fingerprint=blind.FINGERPRINT)
LOW = incident(class_="level", fingerprint="low")
VANISHED = incident(class_="volume", fingerprint="gone")

STANDS_FOR: dict[str, tuple[Incident, Incident]] = {
    "what all languages share, for one of them": (EVERYWHERE, KOREAN),
    "a fall, for the level of the same language": (KOREAN, LOW),
    "a blind agent, for traffic that vanished": (BLIND, VANISHED),
}


@pytest.mark.parametrize(("parent", "child"), STANDS_FOR.values(), ids=STANDS_FOR)
def test_a_parent_stands_for_its_child(parent: Incident, child: Incident) -> None:
    """The larger incident is told, and the smaller is not."""
    assert inhibitor(child, [child, parent]) is parent
    assert inhibitor(parent, [child, parent]) is None


OTHERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "of another service": ({"language": "*", "service": "shop"}, {}),
    "of another environment": ({"language": "*", "environment": "test"}, {}),
    "of another class": ({"language": "*", "class_": "volume"}, {}),
    "a fall of another language": ({"language": "ja"}, {"class_": "level"}),
    "a level for a fall": ({"class_": "level"}, {}),
    "both of all languages": ({"language": "*"}, {"language": "*", "fingerprint": "other"}),
    "over": ({"language": "*", "state": "resolved"}, {}),
    "not yet firing": ({"language": "*", "state": "pending"}, {}),
    "the agent's sight, for a fall": ({"class_": "monitor", "language": "*", "fingerprint": blind.FINGERPRINT}, {}),
    "another of the agent's own, for traffic": ({"class_": "monitor", "language": "*"}, {"class_": "volume"}),
    "the agent's own, each for the other": ({"class_": "monitor", "language": "*"}, {"class_": "monitor"}),
}


@pytest.mark.parametrize(("parent", "child"), OTHERS.values(), ids=OTHERS)
def test_others_stand_for_nothing(parent: dict[str, Any], child: dict[str, Any]) -> None:
    """What is not larger, not of the same place or not there keeps nobody silent."""
    assert inhibitor(incident(**child), [incident(**{"fingerprint": "parent", **parent})]) is None


def test_an_end_is_told_whatever_else_fires() -> None:
    """Whoever heard of the fire hears of its end."""
    assert inhibitor(resolved(), [EVERYWHERE]) is None


def test_an_incident_does_not_stand_for_itself() -> None:
    """It alone is told."""
    assert inhibitor(KOREAN, [KOREAN, monitor()]) is None
